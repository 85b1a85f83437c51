import { dominates } from '@llmsim/planner'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadRegistries } from '../registries.js'
import type { PlainObject } from '../scenario/assignments.js'
import { sloTarget } from '../slo-target.js'
import { candidateLabel, type SearchSpace } from './candidate-space.js'
import { objectivesOf } from './objective.js'
import {
  answerOptimize,
  outlook,
  type Contender,
  type OptimizeAnswer,
  type OptimizeQuestion,
} from './optimize-study.js'
import type { StudySession } from './study-session.js'
import { Study } from './study.js'
import { localExecutor } from './thread-executor.js'

async function session(): Promise<StudySession> {
  const context = { catalog: [], plugin: [], folders: ['.'], cwd: '.' }
  const registries = await loadRegistries(context, '.')
  return {
    study: new Study({ context, registries, executor: localExecutor(), known: new Map() }),
    progress: { expect: () => undefined, advance: () => undefined, stop: () => undefined },
    interruption: { aborted: false, release: () => undefined },
  }
}

const space: SearchSpace = {
  xpus: ['l40s', 'h100'],
  maxDevices: 3,
  tps: [1, 2],
  pps: [1, 2],
  eps: [false],
  serving: ['aggregated', 'disaggregated'],
  mixedXpus: true,
  engines: [16, 128].map((maxBatchSize) => ({
    maxBatchSize,
    maxBatchedTokens: 2048,
    dtype: undefined,
    kvCacheDtype: undefined,
    scheduler: 'vllm-v1',
  })),
  routers: [undefined],
}

function question(
  workload: PlainObject,
  objectives: string,
  {
    ttft = 'p99=1s',
    tpot = 'p99=50ms',
    ...rest
  }: Partial<Record<'ttft' | 'tpot', string>> & Partial<OptimizeQuestion> = {},
): OptimizeQuestion {
  return {
    base: { model: 'llama3-8b', workload },
    space,
    targets: [sloTarget('ttft', ttft), sloTarget('tpot', tpot)],
    objectives: objectivesOf(objectives),
    maxUsdPerHour: Infinity,
    maxRatedWatts: Infinity,
    horizons: [120],
    replications: 0,
    finalists: 1000,
    exhaustive: false,
    ...rest,
  }
}

const traffic = (rate: number): PlainObject => ({
  arrival_rate: rate,
  avg_input_length: 600,
  avg_output_length: 60,
})

/** Candidates that keep the constraints and that no other one dominates, by comparing all with all. */
function bruteForce(all: readonly Contender[]): Contender[] {
  const feasible = all.filter(({ score }) => score.feasible)
  return feasible.filter(
    ({ score }) => !feasible.some((other) => dominates(other.score.objectives, score.objectives)),
  )
}

const labels = (contenders: readonly Contender[]): string[] =>
  contenders.map(({ candidate }) => `${candidateLabel(candidate)} ${candidate.engine.maxBatchSize}`)

describe('optimize', () => {
  it.each(['cost,ttft', 'price,tpot,e2e', 'energy,throughput', 'goodput-per-device,ttft'])(
    'finds the frontier that brute force over every deployment finds: %s',
    async (objectives) => {
      const own = await session()
      const asked = question(traffic(12), objectives)
      const exhaustive = await answerOptimize({ ...asked, exhaustive: true }, own)
      expect(exhaustive.evaluated).toBe(exhaustive.candidates)
      expect(exhaustive.candidates).toBeGreaterThan(60)
      const brute = bruteForce(exhaustive.looked)
      expect(brute.length).toBeGreaterThan(0)
      expect(labels(exhaustive.frontier).sort()).toEqual(labels(brute).sort())
      const raced = await answerOptimize(asked, own)
      expect(labels(raced.frontier).sort()).toEqual(labels(brute).sort())
    },
    60_000,
  )

  it('leaves nothing out by a bound that a run does not bear out', async () => {
    const own = await session()
    let left = 0
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.5, max: 60, noNaN: true }),
        fc.integer({ min: 20, max: 4000 }),
        fc.integer({ min: 1, max: 200 }),
        fc.constantFrom('greedy', 'vllm-v1', 'sglang', 'sarathi'),
        fc.record({
          ttft: fc.constantFrom('p50=60ms', 'p99=150ms', 'p95=1s', 'mean=80ms'),
          tpot: fc.constantFrom('p50=7ms', 'p99=15ms', 'p95=40ms', 'max=25ms'),
        }),
        fc.constantFrom('roofline', 'calibrated'),
        async (rate, input, output, scheduler, targets, costModel) => {
          const workload = {
            arrival_rate: rate,
            avg_input_length: input,
            avg_output_length: output,
          }
          const asked = question(workload, 'cost,energy,throughput,goodput-per-device,tpot', {
            ...targets,
            base: { model: 'llama3-8b', workload, cost_model: { name: costModel } },
            horizons: [60],
            space: {
              ...space,
              maxDevices: 2,
              mixedXpus: false,
              engines: space.engines.slice(0, 1).map((engine) => ({ ...engine, scheduler })),
            },
            exhaustive: true,
          })
          const { looked } = await answerOptimize(asked, own)
          for (const { candidate, facts, score } of looked) {
            const promised = outlook(candidate, facts, asked)
            if (!promised.feasible) left++
            if (score.feasible) expect(promised.feasible, candidateLabel(candidate)).toBe(true)
            for (const [index, bound] of promised.objectives.entries())
              expect(score.objectives[index], candidateLabel(candidate)).toBeGreaterThanOrEqual(
                bound,
              )
          }
        },
      ),
      { numRuns: 25, seed: 7 },
    )
    // A bound that holds because it says nothing would be of no use.
    expect(left).toBeGreaterThan(20)
  }, 120_000)

  it('races to the best that looking long at everything finds', async () => {
    const own = await session()
    const asked = question(traffic(9), 'cost', { horizons: [100, 200, 400], finalists: 5 })
    const all = await answerOptimize({ ...asked, exhaustive: true }, own)
    const raced = await answerOptimize(asked, own)
    expect(raced.evaluated).toBeLessThan(all.evaluated)
    const value = ({ best }: OptimizeAnswer): number => best?.values[0] ?? NaN
    expect(value(raced) / value(all)).toBeLessThanOrEqual(1.02)
  }, 60_000)

  it('keeps to prices and power', async () => {
    const own = await session()
    const free = await answerOptimize(question(traffic(4), 'cost'), own)
    const bounded = await answerOptimize(
      question(traffic(4), 'ttft', { maxUsdPerHour: 6, maxRatedWatts: 1000 }),
      own,
    )
    expect(free.pruned.price + free.pruned.power).toBe(0)
    expect(bounded.pruned.price).toBeGreaterThan(0)
    expect(bounded.pruned.power).toBeGreaterThan(0)
    for (const { facts } of bounded.looked) {
      expect(facts.usdPerHour).toBeLessThanOrEqual(6)
      expect(facts.ratedWatts).toBeLessThanOrEqual(1000)
    }
  }, 60_000)
})
