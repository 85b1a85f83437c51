/** What the orders of the queue are for: who waits less under each of them, and that shares are fair. */
import { referenceCostModel, requestListSource } from '@llmsim/conformance'
import type {
  ObservedRequest,
  RequestDraft,
  RequestSource,
  SchedulerFactory,
  SimulationResult,
  SimulationSpec,
} from '@llmsim/contracts'
import { defaultSchedulerOptions, schedulers } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { predictedSource } from '@llmsim/workloads'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'

interface Sent {
  readonly arrivalSeconds: number
  readonly promptTokens: number
  readonly outputTokens: number
  readonly tenantId?: number
  readonly classId?: number
}

function sourceOf(requests: readonly Sent[]): RequestSource {
  const source = requestListSource(requests)
  let next = 0
  return {
    next(into: RequestDraft): boolean {
      if (!source.next(into)) return false
      const { tenantId = -1, classId = -1 } = requests[next++]!
      into.tenantId = tenantId
      into.classId = classId
      return true
    },
  }
}

interface Served {
  readonly result: SimulationResult
  readonly finished: readonly ObservedRequest[]
}

const byName = (name: string): SchedulerFactory => schedulers.find((each) => each.name === name)!

/** A replica that serves a few requests at once, with an order of its queue. */
function serve(
  source: RequestSource,
  extra: Record<string, unknown>,
  fields: Partial<SimulationSpec> = {},
  scheduler = 'vllm-v1',
): Served {
  const finished: ObservedRequest[] = []
  const result = simulate({
    pools: [
      {
        name: 'pool',
        role: 'mixed',
        replicas: 1,
        devicesPerReplica: 1,
        stages: 1,
        costModel: referenceCostModel(),
        createScheduler: () =>
          byName(scheduler).create({ ...defaultSchedulerOptions, maxBatchSize: 8, extra }),
        router: { name: 'first', route: () => 0 },
        memory: { kvBlocks: 4000, blockSize: 16, bytesPerBlock: 1, staticBytes: 0 },
        power: { idleWatts: 1, prefillWatts: 2, decodeWatts: 2 },
      },
    ],
    source,
    durationSeconds: Infinity,
    warmUpSeconds: 0,
    ...fields,
    observer: { requestFinished: (request) => void finished.push({ ...request }) },
  })
  return { result, finished }
}

/** Requests of unlike lengths that all come at once. */
const burst = Array.from({ length: 200 }, (_, i) => ({
  arrivalSeconds: i * 1e-4,
  promptTokens: 50 + ((i * 37) % 100),
  outputTokens: 1 + ((i * 7919) % 400),
}))

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

const meanLatency = ({ finished }: Served): number =>
  mean(finished.map((each) => each.finishSeconds - each.arrivalSeconds))

describe('shortest job first', () => {
  const predicted = (relativeError: number): number =>
    meanLatency(
      serve(predictedSource(sourceOf(burst), { relativeError, seed: 1 }), { order: 'sjf' }),
    )
  const inOrder = meanLatency(serve(sourceOf(burst), { order: 'fcfs' }))

  it('lowers the mean latency, the more the better the prediction', () => {
    // The exchange argument: of two that wait for one server, the shorter one first waits less in all.
    expect(predicted(0)).toBeLessThan(0.75 * inOrder)
    expect(predicted(0.5)).toBeGreaterThan(predicted(0))
    expect(predicted(0.5)).toBeLessThan(inOrder)
    expect(predicted(10)).toBeGreaterThan(predicted(0.5))
  })

  it('is the order of arrival where nothing is predicted', () => {
    expect(meanLatency(serve(sourceOf(burst), { order: 'sjf' }))).toBe(inOrder)
  })
})

describe('earliest deadline first', () => {
  it('meets deadlines that the order of arrival misses, of those that are in a hurry', () => {
    const classes = [
      { name: 'urgent', objectives: { ttftSeconds: 1.5 } },
      { name: 'patient', objectives: { ttftSeconds: 60 } },
    ]
    const requests = burst.map((each, i) => ({ ...each, classId: i % 4 === 3 ? 0 : 1 }))
    const met = (order: string, classId: number): number => {
      const { finished } = serve(sourceOf(requests), { order }, { classes })
      const limit = classes[classId]!.objectives.ttftSeconds
      const own = finished.filter((each) => each.classId === classId)
      return mean(own.map((each) => Number(each.firstTokenSeconds - each.arrivalSeconds <= limit)))
    }
    expect(met('fcfs', 0)).toBeLessThan(0.5)
    expect(met('edf', 0)).toBeGreaterThan(1.5 * met('fcfs', 0))
    expect(met('edf', 1)).toBe(1)
  })
})

describe('fair share', () => {
  /** Service that a tenant got until a time: prompt tokens once, output tokens twice. */
  const service = ({ finished }: Pick<Served, 'finished'>, tenantId: number): number =>
    finished
      .filter((each) => each.tenantId === tenantId)
      .reduce((sum, each) => sum + each.promptTokens + 2 * each.outputTokens, 0)

  /** Two tenants, each of which sends more than its half; one sends three times as much as the other. */
  const rivals = Array.from({ length: 2000 }, (_, i) => ({
    arrivalSeconds: i * 0.01,
    promptTokens: 40 + ((i * 31) % 60),
    outputTokens: 20 + ((i * 17) % 60),
    tenantId: i % 4 === 0 ? 1 : 0,
  }))
  const limited = { durationSeconds: 20, drainSeconds: 0 }

  it.each(['vllm-v1', 'vllm-v0', 'sglang', 'orca'])(
    'gives two tenants that both want more the same service, under %s',
    (scheduler) => {
      const fair = serve(sourceOf(rivals), { order: 'fair' }, limited, scheduler)
      // Never further apart than twice the most that one admission adds: what a full batch may yet make
      // (the bound of the paper).
      const most = Math.max(99, 2 * 8 * 79)
      expect(Math.abs(service(fair, 0) - service(fair, 1))).toBeLessThan(2 * most)
      const arrival = serve(sourceOf(rivals), {}, limited, scheduler)
      expect(service(arrival, 0)).toBeGreaterThan(2.5 * service(arrival, 1))
      // Work is conserved: nobody stands still for it.
      const all = (served: Served): number => service(served, 0) + service(served, 1)
      expect(Math.abs(all(fair) / all(arrival) - 1)).toBeLessThan(0.05)
    },
  )

  it('lets nobody save up service while away', () => {
    // The second tenant comes late. It then gets its half, not all that the first one had before.
    const late = rivals.filter((each) => each.tenantId === 0 || each.arrivalSeconds > 10)
    const { finished } = serve(sourceOf(late), { order: 'fair' }, limited)
    const after = finished.filter((each) => each.startSeconds > 11)
    const share = service({ finished: after }, 1) / service({ finished: after }, 0)
    expect(share).toBeGreaterThan(0.7)
    expect(share).toBeLessThan(1.4)
  })

  const trace = path.resolve('../shared/traces/vtc_lmsys_arena_27tenants_derived.csv')

  // The published trace of the paper lies beside the repository, where it is there at all.
  it.skipIf(!existsSync(trace))('spares the small tenants of a published trace', () => {
    const tenants: string[] = []
    const rows = readFileSync(trace, 'utf8').trim().split('\n').slice(1)
    const requests = rows.map((row) => {
      const [at, prompt, output, tenant = ''] = row.split(',')
      if (!tenants.includes(tenant)) tenants.push(tenant)
      return {
        arrivalSeconds: Number(at) / 4,
        promptTokens: Number(prompt),
        outputTokens: Number(output),
        tenantId: tenants.indexOf(tenant),
      }
    })
    expect(tenants).toHaveLength(27)
    const waits = (order: string): number[] => {
      const { finished } = serve(sourceOf(requests), { order })
      expect(finished).toHaveLength(requests.length)
      return tenants.map((_, tenant) =>
        mean(
          finished
            .filter((each) => each.tenantId === tenant)
            .map((each) => each.firstTokenSeconds - each.arrivalSeconds),
        ),
      )
    }
    const sent = tenants.map((_, t) => requests.filter(({ tenantId }) => tenantId === t).length)
    const small = sent.map((count, t) => [count, t] as const).sort((a, b) => a[0] - b[0])
    const [arrival, fair] = [waits('fcfs'), waits('fair')]
    for (const [, tenant] of small.slice(0, 13)) expect(fair[tenant]).toBeLessThan(arrival[tenant]!)
    const [, largest] = small.at(-1)!
    expect(fair[largest]).toBeGreaterThan(arrival[largest]!)
  })
})

describe('the command line', () => {
  const line = (flags: string) =>
    llmsim(
      `run --model llama3-8b --xpu h100 --arrival-rate 30 --duration 5 --max-batch-size 16 ${flags}`.split(
        ' ',
      ),
      '.',
    )

  it.each([
    ['--set scheduler.options.order=sjf', 'no output length is predicted'],
    ['--set scheduler.options.order=edf', 'no request has a deadline'],
    ['--set scheduler.options.order=fifo', 'fcfs, priority'],
    ['--set scheduler.options.ordr=fcfs', 'did you mean order?'],
    ['--scheduler sarathi --set scheduler.options.chunksize=9', 'did you mean chunk_size'],
    ['--set scheduler.options.order=fair', 'nobody in particular sends the requests'],
    ['--set scheduler.options.fair_output_weight=-1', '0 to'],
    ['--output-prediction-error -1', 'output_prediction_error'],
    ['--set workload.client.max_output_tokens=0', 'workload.client.max_output_tokens'],
  ])('refuses %s', async (flags, why) => {
    const { code, stdout, stderr } = await line(flags)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(why)
  })

  it.each([
    'slo.ttft_percentiles_ms={"p90":500}',
    'workload.classes=[{"name":"chat","slo":{"ttft_ms":500}},{"name":"batch"}]',
  ])('takes as a deadline %s', async (objective) => {
    const set = ['--set', objective, '--set', 'scheduler.options.order=edf']
    const argv = ['run', '--model', 'llama3-8b', '--xpu', 'h100', '--num-requests', '20', ...set]
    expect(await llmsim(argv, '.')).toMatchObject({ code: 0 })
  })

  it('cuts outputs to what clients allow, and shortens what reserving schedulers keep', async () => {
    const figures = async (flags: string): Promise<SimulationResult> =>
      JSON.parse((await line(`--scheduler orca --format json ${flags}`)).stdout) as SimulationResult
    const limited = await figures('--set workload.client.max_output_tokens=100')
    const free = await figures('--set scheduler.options.max_output_tokens=100')
    expect(limited.completed_requests).toBe(free.completed_requests)
    expect(limited.throughput.tokens_per_sec).not.toBe(free.throughput.tokens_per_sec)
    // Tokens per request of the whole run, by the mean latencies: no output has more than 100.
    expect(limited.end_to_end_latency.max).toBeLessThan(free.end_to_end_latency.max!)
    expect(limited.preemptions).toBe(0)
  })

  it('predicts with one stream: the same requests, whatever the error', async () => {
    const figures = async (error: number): Promise<SimulationResult> =>
      JSON.parse(
        (
          await line(
            `--set scheduler.options.order=sjf --output-prediction-error ${error} --format json`,
          )
        ).stdout,
      ) as SimulationResult
    const [exact, vague] = [await figures(0), await figures(2)]
    expect(exact.total_requests).toBe(vague.total_requests)
    expect(exact.throughput).not.toEqual(vague.throughput)
  })
})
