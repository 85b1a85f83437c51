/** Faults hit running systems, and every request is accounted for, always. */
import { checkRunLaws, randomSpecification, resultDifferences } from '@llmsim/conformance'
import type { SimulationSpec } from '@llmsim/contracts'
import { routers } from '@llmsim/routers'
import { schedulers } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'

const traces = fileURLToPath(new URL('../../../../shared/traces/', import.meta.url))

interface Counts {
  readonly total_requests: number
  readonly completed_requests: number
  readonly rejected_requests: number
  readonly failed_requests: number
  readonly unfinished_requests: number
  readonly simulation_time: number
  readonly faults: {
    readonly replica_faults: number
    readonly retried_requests: number
    readonly availability: number
  }
}

async function results(line: string): Promise<Counts> {
  const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-faults-'))
  try {
    const { code, stdout, stderr } = await llmsim(`${line} --format json`.split(' '), folder)
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout) as Counts
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function accounted(run: Counts): number {
  return (
    run.completed_requests + run.rejected_requests + run.failed_requests + run.unfinished_requests
  )
}

const aggregated = '--xpu h100 --dp 4'
const disaggregated = '--disaggregated --xpu h100 --prefill-n-xpus 3 --decode-n-xpus 3'
/** Replicas that come and go with what is asked of them, from few to all. */
const scaled = '--autoscale-initial 2 --autoscale-provisioning 5 --autoscale-cooldown 20'
const bySlo = '--autoscale-signal slo --slo-ttft 300ms --slo-tpot 20ms'
/** Prefix caches over host memory, a disk and a store, of which the first goes with its replica. */
const tiers = [
  '{"name":"host","capacity_gb":64,"bandwidth_gbs":50,"write_policy":"back"}',
  '{"name":"nvme","capacity_gb":512,"bandwidth_gbs":6,"survives":"node"}',
  '{"name":"store","scope":"pool","bandwidth_gbs":10,"latency_us":500}',
]
const tiered = `--enable-prefix-caching --shared-prefix-length 512 --num-shared-prefixes 20 --set engine.kv_tiers=[${tiers.join(',')}]`

describe.skipIf(!existsSync(traces))(
  'a fault every 60 simulated seconds (skipped when there is no folder ../shared/traces)',
  () => {
    it.each(
      [
        'AzureLLMInferenceTrace_code.csv',
        'AzureLLMInferenceTrace_conv.csv',
        'vidur_splitwise_conv.csv',
      ].flatMap((trace) => [
        [trace, aggregated],
        [trace, disaggregated],
      ]),
    )(
      'loses no request of %s, %s',
      async (trace, deployment) => {
        const run = await results(
          `--model llama3-8b ${deployment} --trace ${path.join(traces, trace)} --num-requests 4000 --fault-every 60 --fault-duration 20`,
        )
        expect(run.total_requests).toBe(4000)
        expect(accounted(run)).toBe(4000)
        // One a minute, and each is over when the next one comes.
        expect(run.faults.replica_faults).toBe(Math.floor(run.simulation_time / 60))
        expect(run.faults.replica_faults).toBeGreaterThan(3)
        expect(run.faults.retried_requests).toBeGreaterThan(0)
        expect(run.unfinished_requests).toBe(0)
        expect(run.completed_requests).toBeGreaterThan(3900)
        expect(run.faults.availability).toBeGreaterThan(0.85)
        expect(run.faults.availability).toBeLessThan(0.98)
      },
      120_000,
    )
  },
)

describe('a fault every 60 simulated seconds, with what else changes in a fleet', () => {
  it.each([
    [`${aggregated} ${scaled}`],
    [`${aggregated} ${scaled} ${bySlo}`],
    [`${disaggregated} ${scaled} --autoscale-signal queue`],
    [`${disaggregated} ${scaled} ${bySlo}`],
    [`${aggregated} ${tiered}`],
    [`${disaggregated} ${tiered}`],
    [`${aggregated} ${scaled} ${bySlo} ${tiered} --client-timeout 20 --client-retries 2`],
  ])(
    'loses no request, %s',
    async (deployment) => {
      const run = await results(
        `--model llama3-8b ${deployment} --arrival-rate 20 --num-requests 12000 --fault-every 60 --fault-duration 20`,
      )
      expect(run.total_requests).toBe(12000)
      expect(accounted(run)).toBe(12000)
      // One of those that are there, each time.
      expect(run.faults.replica_faults).toBe(Math.floor(run.simulation_time / 60))
      expect(run.faults.replica_faults).toBeGreaterThan(8)
      expect(run.faults.retried_requests).toBeGreaterThan(0)
      expect(run.unfinished_requests).toBe(0)
    },
    120_000,
  )
})

/** A random scenario in which something breaks every 60 of its seconds, in its own measure of time. */
function specification(seed: number, stepByStep: boolean): SimulationSpec {
  const scheduler = schedulers[seed % schedulers.length]!
  const router = routers[seed % routers.length]!
  const spec = randomSpecification(seed, {
    createScheduler: (options) => scheduler.create(options),
    createRouter: (random) => router.create({ random, extra: {} }),
  })
  return {
    ...spec,
    stepByStep,
    faults: {
      faults: [
        {
          kind: seed % 3 === 0 ? 'node' : 'replica',
          atSeconds: 0.06,
          everySeconds: 0.06 + seed / 1e5,
          durationSeconds: seed % 4 === 0 ? 0.3 : 0.02,
        },
      ],
      maxRetries: seed % 5,
      retryFrom: seed % 2 === 0 ? 'prompt' : 'last-token',
      seed,
    },
  }
}

describe('a fault again and again', () => {
  it('loses no request in 500 random scenarios, the same step by step', () => {
    let retries = 0
    let failed = 0
    /** Runs in which what is meant happened while something broke. */
    const seen = { added: 0, removed: 0, replaced: 0, scaledBySlo: 0, readFromTiers: 0, both: 0 }
    for (let seed = 1; seed <= 500; seed++) {
      const jumped = simulate(specification(seed, false))
      checkRunLaws(jumped)
      expect(
        resultDifferences(jumped, simulate(specification(seed, true))),
        `seed ${seed}`,
      ).toEqual([])
      retries += jumped.faults?.retries ?? 0
      failed += jumped.failed_requests ?? 0
      if (jumped.faults?.replica_faults === 0) continue
      const scaled = jumped.pools.map(({ autoscaling }) => autoscaling)
      const read = jumped.prefix_cache?.tiers.some(({ read_bytes }) => read_bytes > 0) === true
      seen.added += Number(scaled.some((pool) => (pool?.scale_ups ?? 0) > 0))
      seen.removed += Number(scaled.some((pool) => (pool?.scale_downs ?? 0) > 0))
      seen.replaced += Number(scaled.some((pool) => (pool?.replacements ?? 0) > 0))
      const { pools } = specification(seed, false)
      seen.scaledBySlo += Number(pools.some(({ autoscaling: of }) => of?.signal === 'slo'))
      seen.readFromTiers += Number(read)
      seen.both += Number(read && scaled.some((pool) => pool !== undefined))
    }
    expect(retries).toBeGreaterThan(1000)
    expect(failed).toBeGreaterThan(100)
    for (const [what, runs] of Object.entries(seen)) expect(runs, what).toBeGreaterThan(5)
  }, 120_000)
})

describe('the flags and the section of faults', () => {
  const small = '--model tiny-1b --xpu h100 --dp 2 --arrival-rate 40 --duration 30'

  it('fail what may not be retried', async () => {
    const run = await results(`${small} --fault-every 5 --fault-duration 1 --fault-retries 0`)
    expect(run.failed_requests).toBeGreaterThan(0)
    expect(run.faults.retried_requests).toBe(0)
    expect(accounted(run)).toBe(run.total_requests)
  })

  it('are told in the table of results', async () => {
    const line = `${small} --autoscale-initial 2 --fault-every 5 --fault-duration 1`
    const { stdout } = await llmsim(line.split(' '), tmpdir())
    expect(stdout).toMatch(/Replicas +\S+ on average, 2 at most; 0 added, \d taken away/)
    expect(stdout).toMatch(/Faults +\d+ of replicas; replicas were up 9\d.\d % of the time/)
  })

  it('draw times between failures and repairs whose mean is as stated', async () => {
    const run = await results(
      '--model tiny-1b --xpu h100 --dp 8 --arrival-rate 1 --duration 40000 --mtbf 90 --mttr 10 --set faults.start_up_s=0',
    )
    expect(run.faults.availability).toBeCloseTo(0.9, 2)
    expect(run.faults.replica_faults / ((8 * run.simulation_time) / 100)).toBeCloseTo(1, 1)
  }, 60_000)

  it.each([
    ['--mtbf 5', 'mttr_s go together'],
    ['--fault-duration 5', 'says nothing without every_s'],
    ['--set faults.max_retries=2', 'nothing breaks'],
    ['--set faults.events=[{"kind":"link","at_s":1}]', 'no link without disaggregation'],
    ['--set faults.events=[{"kind":"replica"}]', 'needs at_s'],
    ['--set faults.events=[{"kind":"replica","at_s":1,"pool":"decode"}]', 'there is none'],
    ['--set faults.events=[{"kind":"replica","at_s":1,"pool":"mixed","replica":2}]', 'from 0 to 1'],
    ['--set faults.events=[{"kind":"replica","at_s":1,"replica":1}]', 'name of its pool'],
    [
      '--fault-every 5 --set faults.start_up_s=1 --set autoscaling.start_up_s=2',
      'another time than faults.start_up_s',
    ],
  ])('refuse %s', async (flags, message) => {
    const { code, stderr } = await llmsim(`${small} ${flags}`.split(' '), tmpdir())
    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/faults/)
  })
})
