import type { RequestDraft } from '@llmsim/contracts'
import { statSync } from 'node:fs'
import { findFile } from '../scenario/catalog-entries.js'
import type { ResolvedScenario } from '../scenario/resolved-scenario.js'
import type { Traffic } from '../traffic.js'

/** Requests that are worth their memory: a longer trace is read from its file each time. */
const mostRequests = 500_000

/** Names the requests of a trace as long as the file is the same; absent: no trace. */
export function trafficKey(
  { workload, random_seed }: ResolvedScenario,
  folders: readonly string[],
): string | undefined {
  const file = workload.trace === undefined ? undefined : findFile(workload.trace, folders)
  if (file === undefined) return undefined
  const { mtimeMs, size } = statSync(file)
  return JSON.stringify([file, mtimeMs, size, workload, random_seed])
}

/** The same traffic, whose requests are kept from the first time that they are read to their end. */
export function rememberedTraffic(traffic: Traffic): Traffic {
  const held: RequestDraft[] = []
  let whole = false
  return {
    ...traffic,
    source(tenants, adapters) {
      // Those of a trace are met as it is read.
      if (traffic.adapters?.length === 0) return traffic.source(tenants, adapters)
      const source = traffic.source()
      // A source that hears more of a run than this cannot be played back.
      if (!('next' in source) || methodsOf(source) !== 1) return source
      if (whole) return playback(held)
      held.length = 0
      let keeping = true
      return {
        next(into) {
          const more = source.next(into)
          if (!keeping) return more
          if (!more) whole = true
          else if (held.length < mostRequests) held.push({ ...into })
          else {
            keeping = false
            held.length = 0
          }
          return more
        },
      }
    },
  }
}

function playback(requests: readonly RequestDraft[]): { next(into: RequestDraft): boolean } {
  let at = 0
  return {
    next(into) {
      const request = requests[at++]
      if (request === undefined) return false
      Object.assign(into, request)
      return true
    },
  }
}

function methodsOf(source: object): number {
  const names = new Set(Object.keys(source))
  const prototype: unknown = Object.getPrototypeOf(source)
  if (prototype !== Object.prototype && typeof prototype === 'object' && prototype !== null)
    for (const name of Object.getOwnPropertyNames(prototype)) names.add(name)
  names.delete('constructor')
  const fields = source as Readonly<Record<string, unknown>>
  return [...names].filter((name) => typeof fields[name] === 'function').length
}
