import { randomSpecification } from '@llmsim/conformance'
import type {
  ObservedBlocks,
  ObservedRequest,
  RunObserver,
  SimulationResult,
  SimulationSpec,
} from '@llmsim/contracts'
import { schedulers } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { describe, expect, it } from 'vitest'

/** What an observer was told, added up. */
interface Told {
  arrived: number
  finished: ObservedRequest[]
  rejected: number
  failed: number
  unfinished: number
  steps: number
  /** Busy seconds by pool and replica. */
  readonly busy: Map<string, number>
  decodedTokens: number
  chunksSeconds: number
  transfers: number
  transferBytes: number
  readonly load: Map<string, readonly [number, number]>
  readonly blocks: ObservedBlocks[]
}

function observed(spec: SimulationSpec): { told: Told; result: SimulationResult } {
  const told: Told = {
    arrived: 0,
    finished: [],
    rejected: 0,
    failed: 0,
    unfinished: 0,
    steps: 0,
    busy: new Map(),
    decodedTokens: 0,
    chunksSeconds: 0,
    transfers: 0,
    transferBytes: 0,
    load: new Map(),
    blocks: [],
  }
  const observer: RunObserver = {
    requestArrived: ({ number }) => {
      expect(number).toBe(told.arrived++)
    },
    requestFinished: (request) => {
      told.finished.push({ ...request })
    },
    requestFailed: ({ outcome }) => {
      if (outcome === 'rejected') told.rejected++
      else if (outcome === 'failed') told.failed++
      else told.unfinished++
    },
    segmentExecuted: (segment) => {
      const key = `${segment.pool}.${segment.replica}`
      told.steps += segment.steps
      told.busy.set(key, (told.busy.get(key) ?? 0) + segment.busySeconds)
      told.decodedTokens += segment.steps * segment.decodes
      expect(segment.chunks > 0).toBe(segment.kind !== 'decode')
    },
    loadChanged: ({ pool, replica, lane, waiting, running }) => {
      told.load.set(`${pool}.${replica}.${lane}`, [waiting, running])
    },
    transferBegan: ({ bytes, readySeconds, startSeconds, endSeconds }) => {
      told.transfers++
      told.transferBytes += bytes
      expect(startSeconds).toBeGreaterThanOrEqual(readySeconds - 1e-9)
      expect(endSeconds).toBeGreaterThanOrEqual(startSeconds)
    },
    blocksSampled: (blocks) => {
      told.blocks.push({ ...blocks })
    },
  }
  return { result: simulate({ ...spec, observer }), told }
}

const seeds = Array.from({ length: 20 }, (_, i) => i + 1)

describe.each(schedulers.map((scheduler, i) => [scheduler.name, i] as const))(
  'an observer of %s',
  (_, index) => {
    const specification = (seed: number): SimulationSpec =>
      randomSpecification(seed, {
        createScheduler: (options) => schedulers[index]!.create(options),
      })

    it.each(seeds)('is told all that the results count, and changes nothing: seed %i', (seed) => {
      const spec = { ...specification(seed), warmUpSeconds: 0 }
      const { told, result } = observed(spec)
      const unwatched = simulate({ ...specification(seed), warmUpSeconds: 0 })
      expect(result).toEqual(unwatched)
      expect(told.arrived).toBe(result.total_requests)
      expect(told.finished).toHaveLength(result.completed_requests)
      expect(told.rejected).toBe(result.rejected_requests)
      expect(told.failed).toBe(result.failed_requests ?? 0)
      expect(told.unfinished).toBe(result.unfinished_requests)
      expect(told.transfers).toBe(result.kv_transfer?.transfers ?? 0)
      expect(told.transferBytes).toBe(result.kv_transfer?.bytes ?? 0)
      // What broke down is empty, and says nothing of it.
      if (result.unfinished_requests === 0 && spec.faults === undefined)
        for (const [waiting, running] of told.load.values())
          expect([waiting, running]).toEqual([0, 0])
      if (spec.durationSeconds === Infinity)
        result.pools.forEach((pool, number) => {
          pool.per_replica.forEach((replica, r) => {
            const busy = told.busy.get(`${number}.${r}`) ?? 0
            expect(busy / result.simulation_time).toBeCloseTo(replica.utilization, 9)
          })
        })
      for (const each of told.finished) {
        expect(each.queuedSeconds).toBeGreaterThanOrEqual(each.arrivalSeconds)
        expect(each.startSeconds).toBeGreaterThanOrEqual(each.queuedSeconds)
        expect(each.firstTokenSeconds).toBeGreaterThan(each.startSeconds)
        expect(each.finishSeconds).toBeGreaterThanOrEqual(each.firstTokenSeconds)
        // With a decider some prompts are computed where they decode.
        const stayed = spec.decider !== undefined && Number.isNaN(each.transferStartSeconds)
        if (spec.pools[each.pool]!.role === 'decode' && !stayed)
          expect(each.transferEndSeconds).toBeGreaterThan(each.transferStartSeconds)
        else expect(each.transferEndSeconds).toBeNaN()
      }
    })

    it.each(seeds)('is told the same step by step: seed %i', (seed) => {
      const jumped = observed(specification(seed)).told
      const stepped = observed({ ...specification(seed), stepByStep: true }).told
      expect(jumped.decodedTokens).toBe(stepped.decodedTokens)
      expect(jumped.finished.map(({ number }) => number)).toEqual(
        stepped.finished.map(({ number }) => number),
      )
      for (const [key, seconds] of jumped.busy)
        expect(Math.abs(seconds - stepped.busy.get(key)!)).toBeLessThanOrEqual(1e-9 * seconds)
      jumped.blocks.forEach((blocks, i) => {
        const other = stepped.blocks[i]!
        expect(blocks.samples).toBe(other.samples)
        expect(blocks.usedBlocks.slice(0, blocks.samples)).toEqual(
          other.usedBlocks.slice(0, blocks.samples),
        )
      })
    })
  },
)
