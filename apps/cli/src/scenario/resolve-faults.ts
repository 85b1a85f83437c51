import type { FaultEventSection, FaultsSection } from '@llmsim/contracts'
import { conflict } from './conflict.js'

type Given = FaultsSection | undefined

/** Faults as a results file carries them; absent where nothing can break. */
export interface ResolvedFaults extends FaultsSection {
  readonly max_retries: number
  readonly retry_delay_ms: number
  readonly retry_from: 'prompt' | 'last-token'
}

/** Time to the repair of what breaks at regular times, in seconds. */
const defaultDuration = 30

/** Fills in defaults and checks what the fields say together. Throws `SimulatorError`. */
export function resolveFaults(given: Given, hasLink: boolean): ResolvedFaults | undefined {
  if (given === undefined) return undefined
  const { events = [], every_s, mtbf_s } = given
  if (every_s === undefined && given.duration_s !== undefined)
    throw conflict(
      'faults.duration_s',
      'says nothing without every_s',
      'faults.every_s',
      given.duration_s,
    )
  checkRandom(given, 'faults')
  events.forEach((event, i) => {
    checkEvent(event, `faults.events[${i}]`, hasLink)
  })
  if (every_s === undefined && mtbf_s === undefined && events.length === 0)
    throw conflict('faults.events', 'nothing breaks', 'every_s, mtbf_s, or events', events)
  const {
    duration_s = defaultDuration,
    max_retries = 3,
    retry_delay_ms = 0,
    retry_from = 'prompt',
    start_up_s,
    ...rest
  } = given
  // In one order, however much was given: results are compared byte by byte.
  return {
    ...rest,
    ...(every_s === undefined ? {} : { duration_s }),
    max_retries,
    retry_delay_ms,
    retry_from,
    ...(start_up_s === undefined ? {} : { start_up_s }),
  }
}

function checkEvent(event: FaultEventSection, path: string, hasLink: boolean): void {
  const { kind } = event
  checkRandom(event, path)
  const random = event.mtbf_s !== undefined
  if (random === (event.at_s !== undefined))
    throw conflict(path, 'needs at_s, or mtbf_s and mttr_s, and not both', 'one of them')
  if (random && (event.every_s !== undefined || event.duration_s !== undefined))
    throw conflict(path, 'every_s and duration_s go with at_s only', 'mtbf_s and mttr_s alone')
  if (kind !== 'replica' && event.replica !== undefined)
    throw conflict(`${path}.replica`, `a ${kind} is no replica`, 'kind: replica')
  if (kind !== 'node' && event.node !== undefined)
    throw conflict(`${path}.node`, `a ${kind} is no node`, 'kind: node')
  if ((event.replica ?? event.node) !== undefined && event.pool === undefined)
    throw conflict(
      `${path}.pool`,
      'a number needs the name of its pool',
      'mixed, prefill or decode',
    )
  if (kind !== 'link') {
    if (event.bandwidth_factor === undefined) return
    throw conflict(`${path}.bandwidth_factor`, `a ${kind} has no bandwidth to lose`, 'kind: link')
  }
  if (!hasLink)
    throw conflict(`${path}.kind`, 'there is no link without disaggregation', 'replica or node')
  if (event.pool !== undefined)
    throw conflict(`${path}.pool`, 'the link is of no one pool', 'no pool')
  if (event.bandwidth_factor === undefined)
    throw conflict(
      `${path}.bandwidth_factor`,
      'is required of a link',
      'a share above 0 and up to 1',
    )
}

function checkRandom({ mtbf_s, mttr_s }: FaultEventSection | FaultsSection, path: string): void {
  if ((mtbf_s === undefined) !== (mttr_s === undefined))
    throw conflict(path, 'mtbf_s and mttr_s go together', 'both of them, or none')
}
