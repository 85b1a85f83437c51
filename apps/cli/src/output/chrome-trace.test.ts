import { randomSpecification } from '@llmsim/conformance'
import type { SimulationResult, SimulationSpec } from '@llmsim/contracts'
import { schedulers } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ChromeTrace } from './chrome-trace.js'
import { StreamedFile } from './streamed-file.js'
import { fileTarget } from './write-file.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const place = { pid: z.int().positive(), tid: z.int().nonnegative() }
const time = z.number().nonnegative()

/** The events of the Trace Event Format that a run is written in. */
const Event = z.discriminatedUnion('ph', [
  z.strictObject({
    ...place,
    ph: z.literal('M'),
    name: z.enum(['process_name', 'thread_name']),
    args: z.strictObject({ name: z.string().min(1) }),
  }),
  z.strictObject({
    ...place,
    ph: z.literal('X'),
    ts: time,
    dur: time,
    cat: z.literal('step'),
    name: z.enum(['prefill', 'decode', 'mixed']),
    args: z.strictObject({
      steps: z.int().nonnegative(),
      prompts: z.int().nonnegative(),
      prefill_tokens: z.int().nonnegative(),
      decodes: z.int().nonnegative(),
      first_step_ms: time,
      busy_us: time,
    }),
  }),
  z.strictObject({
    ...place,
    ph: z.literal('C'),
    ts: time,
    name: z.string(),
    args: z.record(z.string(), z.number().nonnegative()),
  }),
  z.strictObject({
    ...place,
    ph: z.enum(['b', 'e']),
    ts: time,
    cat: z.literal('transfer'),
    name: z.string(),
    id: z.int().positive(),
    args: z.record(z.string(), z.number()).optional(),
  }),
])
const Trace = z.strictObject({
  displayTimeUnit: z.enum(['ms', 'ns']),
  traceEvents: z.array(Event),
})
type Event = z.infer<typeof Event>
type Slice = Extract<Event, { ph: 'X' }>

function traced(spec: SimulationSpec): { result: SimulationResult; events: Event[] } {
  const target = fileTarget('trace.json', folder)
  const trace = new ChromeTrace(new StreamedFile(target, '--chrome-trace'), spec.pools)
  const result = simulate({ ...spec, observer: trace })
  trace.commit()
  const json: unknown = JSON.parse(readFileSync(target.absolute, 'utf8'))
  return { result, events: Trace.parse(json).traceEvents }
}

function specification(seed: number): SimulationSpec {
  return {
    ...randomSpecification(seed, {
      createScheduler: (options) => schedulers[seed % schedulers.length]!.create(options),
    }),
    warmUpSeconds: 0,
    durationSeconds: Infinity,
  }
}

describe('the trace of a run', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
    'follows the format, and is as busy as the metrics say: seed %i',
    (seed) => {
      const spec = specification(seed)
      const { result, events } = traced(spec)
      const slices = events.filter((event): event is Slice => event.ph === 'X')
      for (const [number, pool] of result.pools.entries()) {
        const { stages } = spec.pools[number]!
        for (const [index, replica] of pool.per_replica.entries()) {
          const own = slices.filter(
            ({ pid, tid }) => pid === number + 1 && Math.floor((tid - 1) / stages) === index,
          )
          const busy = own.reduce((sum, { args }) => sum + args.busy_us / 1e6, 0)
          const measured = replica.utilization * result.simulation_time
          expect(Math.abs(busy - measured)).toBeLessThanOrEqual(1e-9 * result.simulation_time)
          // Without pipeline stages a slice is as long as its replica is busy.
          if (stages === 1)
            expect(own.reduce((sum, { dur }) => sum + dur / 1e6, 0)).toBeCloseTo(busy, 9)
        }
      }
      // A step that breaks off is started, and not done.
      const steps = slices.reduce((sum, { args }) => sum + args.steps, 0)
      const started = result.pools.reduce((sum, pool) => sum + pool.steps, 0)
      if (spec.faults === undefined) expect(steps).toBe(started)
      else expect(steps).toBeLessThanOrEqual(started)
    },
  )

  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
    'has slices one after another, named threads and transfers with two ends: seed %i',
    (seed) => {
      const spec = specification(seed)
      const { result, events } = traced(spec)
      const ends = new Map<string, number>()
      const threads = new Set(
        events.filter(({ ph, name }) => ph === 'M' && name === 'thread_name').map(threadOf),
      )
      for (const event of events) {
        if (event.ph !== 'X') continue
        const before = ends.get(threadOf(event)) ?? 0
        expect(event.ts).toBeGreaterThanOrEqual(before - 1e-6 * Math.max(1, before))
        ends.set(threadOf(event), event.ts + event.dur)
        expect(threads).toContain(threadOf(event))
      }
      const begun = events.filter(({ ph }) => ph === 'b')
      const { transfers = 0 } = result.kv_transfer ?? {}
      // What a fault takes off a network is never known to end, and is not drawn.
      const isLost = spec.faults !== undefined && spec.kvTransfer?.topology !== undefined
      if (isLost) expect(begun.length).toBeLessThanOrEqual(transfers)
      else expect(begun).toHaveLength(transfers)
      expect(events.filter(({ ph }) => ph === 'e')).toHaveLength(begun.length)
    },
  )
})

function threadOf({ pid, tid }: Event): string {
  return `${pid}.${tid}`
}
