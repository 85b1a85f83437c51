/**
 * What holds in every run, over random scenarios that draw from all features at once: any scheduler with
 * any order and options, any router, pools, tiers of memory, and whatever else the random specifications of
 * the conformance package hold.
 */
import { checkRunLaws, randomSpecification, resultDifferences } from '@llmsim/conformance'
import type {
  CostModel,
  ObservedHoldings,
  SimulationResult,
  SimulationSpec,
} from '@llmsim/contracts'
import { routers } from '@llmsim/routers'
import { schedulers } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { describe, expect, it } from 'vitest'
import { optionsFor } from './testing/random-options.js'

const scenarios = 500
/** Scenarios of one test, so that a failure is found quickly. */
const inOneTest = 50

function specification(seed: number): SimulationSpec {
  const factory = schedulers[seed % schedulers.length]!
  const router = routers[(seed * 7) % routers.length]!
  const extra = optionsFor(factory.name, seed)
  return randomSpecification(seed, {
    createScheduler: (options) => factory.create({ ...options, extra }),
    createRouter: (random) => router.create({ random, extra: routerOptions(router.name, seed) }),
  })
}

/** Hashes of all that routers may go by. */
function routerOptions(name: string, seed: number): Record<string, unknown> {
  if (name !== 'consistent-hash') return {}
  return { key: ['session', 'prefix', 'adapter'][seed % 3], prefix_tokens: 16 + (seed % 64) }
}

/** What a run did, beside its results. */
interface Account {
  readonly result: SimulationResult
  /** Tokens that the source asked for, of all requests, and those made for requests that finished. */
  readonly askedTokens: number
  readonly finishedTokens: number
  readonly finished: number
  readonly failed: number
  readonly unfinished: number
  /** Seconds that the cost models answered with, and that the devices worked, over all stages. */
  readonly plannedSeconds: number
  readonly workedSeconds: number
  readonly holdings: readonly ObservedHoldings[]
}

function account(spec: SimulationSpec): Account {
  const tally = {
    askedTokens: 0,
    finishedTokens: 0,
    finished: 0,
    failed: 0,
    unfinished: 0,
    plannedSeconds: 0,
    workedSeconds: 0,
  }
  const holdings: ObservedHoldings[] = []
  const stages = spec.pools.map((pool) => pool.stages)
  const watched = (model: CostModel): CostModel => ({
    ...model,
    step(work, into) {
      model.step(work, into)
      tally.plannedSeconds += into.seconds
    },
  })
  const result = simulate({
    ...spec,
    stepByStep: true,
    pools: spec.pools.map((pool) => ({ ...pool, costModel: watched(pool.costModel) })),
    observer: {
      requestArrived: ({ outputTokens }) => {
        tally.askedTokens += outputTokens
      },
      requestFinished: ({ outputTokens }) => {
        tally.finished++
        tally.finishedTokens += outputTokens
      },
      requestFailed: ({ outcome }) => {
        if (outcome === 'unfinished') tally.unfinished++
        else tally.failed++
      },
      segmentExecuted: ({ pool, busySeconds }) => {
        tally.workedSeconds += busySeconds * (stages[pool] ?? 1)
      },
      blocksHeld: (held) => {
        holdings.push(held)
      },
    },
  })
  return { ...tally, holdings, result }
}

function checkAccount(spec: SimulationSpec, of: Account): void {
  const { result } = of
  const { total_requests, completed_requests, unfinished_requests } = result
  // Every request is in one place.
  expect(of.finished).toBe(completed_requests)
  expect(of.unfinished).toBe(unfinished_requests)
  expect(of.finished + of.failed + of.unfinished).toBe(total_requests)
  // KV blocks: what was given out is held by somebody, and an empty system holds none.
  for (const { usedBlocks, heldBlocks, hostUsedBlocks, hostHeldBlocks } of of.holdings) {
    expect(hostUsedBlocks).toBe(hostHeldBlocks)
    if (unfinished_requests === 0) expect([usedBlocks, heldBlocks]).toEqual([0, 0])
    else if (spec.pools.length === 1) expect(usedBlocks).toBe(heldBlocks)
  }
  // Work: each step's time is spent, once, over the stages of a pipeline. Copies to the host and LoRA adapters come on top, and
  // so does what attention ranks wait for each other; a fault ends a step before its time.
  const together = spec.pools.some(({ attentionRanks = 1 }) => attentionRanks > 1)
  const loaded = spec.pools.some(({ adapterSlots }) => adapterSlots !== undefined)
  const copied = loaded || (result.swap?.swapped_out ?? 0) > 0
  // A step that a fault cuts short is spent in part.
  if (result.faults !== undefined)
    expect(of.workedSeconds).toBeLessThanOrEqual(
      copied || together ? Infinity : of.plannedSeconds * (1 + 1e-9),
    )
  else if (unfinished_requests === 0 && !copied && !together)
    expect(Math.abs(of.workedSeconds - of.plannedSeconds)).toBeLessThanOrEqual(
      1e-9 * of.plannedSeconds,
    )
  // Tokens: those who finished got all that they asked for.
  if (of.failed > 0 || unfinished_requests > 0) return
  expect(of.finishedTokens).toBe(of.askedTokens)
  if (result.measured_window.start_s > 0 || spec.durationSeconds !== Infinity) return
  const made = result.throughput.tokens_per_sec * result.measured_window.end_s
  // Those that a client gave up and sent again, and those that lost their replica, had tokens made twice.
  const { lost_output_tokens: lost = 0 } = result.faults ?? {}
  const { wasted_output_tokens: wasted = 0 } = result.clients ?? {}
  expect(Math.round(made)).toBe(of.finishedTokens + lost + wasted)
}

/** Scenarios by what happened in them. */
const seen = new Map<string, number>()

function count(spec: SimulationSpec, result: SimulationResult): void {
  const happened: Readonly<Record<string, boolean>> = {
    'several pools': spec.pools.length > 1,
    'pipeline stages': spec.pools.some(({ stages }) => stages > 1),
    'attention ranks': spec.pools.some(({ attentionRanks = 1 }) => attentionRanks > 1),
    'closed loops': spec.concurrency !== undefined,
    recomputation: (result.preemptions_by_mode?.recompute ?? 0) > 0,
    swapping: (result.swap?.swapped_in ?? 0) > 0,
    'prefix hits': (result.prefix_cache?.hit_tokens ?? 0) > 0,
    faults: (result.faults?.replica_faults ?? 0) > 0,
    refusals: Object.keys(result.refusals ?? {}).some((reason) => reason !== 'does not fit'),
    'time-outs': (result.clients?.timeouts ?? 0) > 0,
    retries: (result.clients?.retries ?? 0) > 0,
    classes: result.classes !== undefined,
    images: (result.images?.encoded_images ?? 0) > 0,
    'prompts on decode replicas': (result.decider?.decode_requests ?? 0) > 0,
    'first tokens from decode replicas': spec.firstTokenFrom === 'decode',
    'windowed layers': spec.pools.some(({ memory }) => memory.windowed !== undefined),
    'windowed layers with prefix caches': spec.pools.some(
      ({ memory, prefixCaching }) => memory.windowed !== undefined && prefixCaching !== undefined,
    ),
  }
  for (const [what, did] of Object.entries(happened))
    seen.set(what, (seen.get(what) ?? 0) + Number(did))
}

describe('every feature with every other', () => {
  const starts = Array.from({ length: scenarios / inOneTest }, (_, i) => 1 + i * inOneTest)

  it.each(starts)(
    `keeps the laws in ${inOneTest} random scenarios from seed %i on`,
    (start) => {
      for (let seed = start; seed < start + inOneTest; seed++) {
        try {
          const jumped = simulate(specification(seed))
          checkRunLaws(jumped)
          const stepped = account(specification(seed))
          expect(resultDifferences(jumped, stepped.result, 1e-9)).toEqual([])
          checkAccount(specification(seed), stepped)
          count(specification(seed), jumped)
        } catch (error) {
          throw new Error(`in the random scenario of seed ${seed}: ${String(error)}`, {
            cause: error,
          })
        }
      }
    },
    120_000,
  )

  // A transfer that ends with a step to the last bit; blocks kept under a step that the end of the run cuts short;
  // a peak of memory that left out requests that join in the same step.
  it.each([2172, 5020, 5201, 5840])('jumps as it steps in the scenario of seed %i', (seed) => {
    const jumped = simulate(specification(seed))
    const stepped = simulate({ ...specification(seed), stepByStep: true })
    expect(resultDifferences(jumped, stepped)).toEqual([])
    expect(stepped.simulation_time).toBe(jumped.simulation_time)
  })

  it('draws from all of them', () => {
    for (const [what, times] of seen) expect(times, what).toBeGreaterThan(15)
    expect(seen.size).toBe(17)
  })
})
