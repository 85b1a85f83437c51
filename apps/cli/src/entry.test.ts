/** Who may enter, who gives up, and what becomes of their requests: by hand, and as the command line sets it. */
import { requestListSource } from '@llmsim/conformance'
import type {
  ClientBehaviour,
  ObservedHoldings,
  PoolSpec,
  SimulationResult,
  SimulationSpec,
} from '@llmsim/contracts'
import { defaultSchedulerOptions, greedy } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'
import { eighths } from './testing/eighths.js'

function pool(role: PoolSpec['role'], kvBlocks = 100): PoolSpec {
  return {
    name: role,
    role,
    replicas: 1,
    devicesPerReplica: 1,
    stages: 1,
    costModel: eighths,
    createScheduler: () => greedy.create({ ...defaultSchedulerOptions, maxBatchSize: 1 }),
    router: { name: 'first', route: () => 0 },
    memory: { kvBlocks, blockSize: 4, bytesPerBlock: 1, staticBytes: 0 },
    power: { idleWatts: 1, prefillWatts: 2, decodeWatts: 2 },
  }
}

/** The pauses are the mean ones. */
function patience(fields: Partial<ClientBehaviour>): ClientBehaviour {
  return {
    timeoutSeconds: Infinity,
    waitsFor: 'completion',
    maxRetries: 0,
    backoffSeconds: 1,
    random: () => 0.5,
    ...fields,
  }
}

/** Arrival in seconds, prompt tokens, output tokens. */
type Request = readonly [number, number, number]

/** Runs it both ways, which agree to the last bit; nothing is left in the KV caches. */
function run(
  requests: readonly Request[],
  client: ClientBehaviour,
  fields: Partial<SimulationSpec> = {},
): SimulationResult {
  const held: ObservedHoldings[] = []
  const once = (stepByStep: boolean) =>
    simulate({
      pools: [pool('mixed')],
      source: requestListSource(
        requests.map(([arrivalSeconds, promptTokens, outputTokens]) => ({
          arrivalSeconds,
          promptTokens,
          outputTokens,
        })),
      ),
      client,
      durationSeconds: Infinity,
      warmUpSeconds: 0,
      exactQuantiles: true,
      ...fields,
      stepByStep,
      observer: { blocksHeld: (holdings) => void held.push(holdings) },
    })
  const result = once(false)
  expect(once(true)).toEqual(result)
  for (const { usedBlocks, heldBlocks } of held) expect([usedBlocks, heldBlocks]).toEqual([0, 0])
  const { total_requests, completed_requests, rejected_requests, unfinished_requests } = result
  expect(total_requests).toBe(
    completed_requests + rejected_requests + (result.failed_requests ?? 0) + unfinished_requests,
  )
  return result
}

/** One that runs from 0 s to 3 s, and one that comes at 0.5 s and waits for it. */
const two: readonly Request[] = [
  [0, 8, 5],
  [0.5, 8, 1],
]

describe('a client that waits for the first token', () => {
  it('gives up in the queue, and sends the request again after a pause', () => {
    // It gives up at 2.5 s, and comes again at 3.5 s, when nobody else is there.
    const client = patience({ timeoutSeconds: 2, waitsFor: 'first-token', maxRetries: 1 })
    const result = run(two, client)
    expect(result).toMatchObject({
      completed_requests: 2,
      failed_requests: 0,
      clients: { timeouts: 1, timed_out_requests: 0, retries: 1, wasted_output_tokens: 0 },
      simulation_time: 4.5,
    })
    expect(result.end_to_end_latency).toMatchObject({ min: 3, max: 4 })
    // From when it was sent first to the start of the first step that worked on it.
    expect(result.queue_time.max).toBe(3)
  })

  it('waits for ever once it has it', () => {
    const client = patience({ timeoutSeconds: 1.5, waitsFor: 'first-token' })
    expect(run([[0, 8, 50]], client)).toMatchObject({
      completed_requests: 1,
      clients: { timeouts: 0 },
      simulation_time: 25.5,
    })
  })

  it('has lost it when nothing is sent again', () => {
    const client = patience({ timeoutSeconds: 2, waitsFor: 'first-token' })
    expect(run(two, client)).toMatchObject({
      completed_requests: 1,
      failed_requests: 1,
      clients: { timeouts: 1, timed_out_requests: 1, retries: 0 },
      simulation_time: 3,
      warnings: [
        'overloaded: 1 of 2 requests were not let in, or given up by their clients',
        '1 requests failed: their clients did not wait for them',
      ],
    })
  })
})

describe('a client that waits for the last token', () => {
  it('stops a request at the end of its step, whether that decodes or prefills', () => {
    // The first decodes from 1.5 s to 2 s when it is given up; the second one is prefilled from then to
    // 3 s, and given up at 2.25 s. Three tokens were made for nobody.
    const result = run(two, patience({ timeoutSeconds: 1.75 }))
    expect(result).toMatchObject({
      completed_requests: 0,
      failed_requests: 2,
      clients: { timeouts: 2, timed_out_requests: 2, wasted_output_tokens: 3 },
      simulation_time: 3,
    })
    expect(result.throughput.tokens_per_sec).toBe(1)
  })

  it('doubles its pauses', () => {
    // 8 s of prompt in 2 s of patience: stopped at 8 s, and sent again 1, 2 and 4 s after 2 s or when it
    // is out of the step that it was in.
    const client = patience({ timeoutSeconds: 2, maxRetries: 3 })
    const result = run([[0, 64, 2]], client)
    expect(result.clients).toEqual({
      timeouts: 4,
      timed_out_requests: 1,
      retries: 3,
      wasted_output_tokens: 0,
    })
    expect(result.simulation_time).toBe(8 + 1 + 8 + 2 + 8 + 4 + 8)
  })
})

describe('a request in transfer', () => {
  const apart = (bytesPerSecond: number, timeoutSeconds: number, requests: readonly Request[]) =>
    run(requests, patience({ timeoutSeconds }), {
      pools: [pool('prefill'), pool('decode', 4)],
      kvTransfer: {
        bandwidthBytesPerSecond: bytesPerSecond,
        latencySeconds: 0,
        bytesPerToken: 1,
      },
    })

  it('is taken off the link', () => {
    // Sent from 1 s to 9 s.
    expect(apart(1, 5, [[0, 8, 5]])).toMatchObject({ failed_requests: 1, simulation_time: 5 })
  })

  it('is taken out of the queue for room, and lets the next one go', () => {
    // Both give up at 2.5 s: the first in a decode step that ends at 2.625 s, the second while it waits for
    // its room. The third, prefilled until 3 s and sent until 3.125 s, finds the replica empty.
    const result = apart(64, 2.5, [
      [0, 8, 5],
      [0, 8, 5],
      [1.5, 8, 2],
    ])
    expect(result).toMatchObject({
      completed_requests: 1,
      failed_requests: 2,
      simulation_time: 3.625,
    })
    expect(result.kv_transfer?.transfers).toBe(2)
  })
})

describe('an admission policy', () => {
  it('rejects by reason, and is asked again for each attempt', () => {
    let asked = 0
    const admission = {
      name: 'third',
      admit: ({ retries }: { retries: number }) => (
        asked++,
        retries < 2 ? 'not yet' : (true as const)
      ),
    }
    const result = run([[0, 8, 1]], patience({ maxRetries: 2 }), { admission })
    // Twice in the two runs: at 0, 1 and 3 s.
    expect(asked).toBe(6)
    expect(result).toMatchObject({
      completed_requests: 1,
      rejected_requests: 0,
      refusals: { 'not yet': 2 },
      simulation_time: 4,
    })
    expect(run([[0, 8, 1]], patience({ maxRetries: 1 }), { admission })).toMatchObject({
      completed_requests: 0,
      rejected_requests: 1,
      refusals: { 'not yet': 2 },
    })
  })

  it('sees what is outstanding, queued and in use', () => {
    const seen: (readonly number[])[] = []
    const admission = {
      name: 'watch',
      admit(_: unknown, system: Parameters<NonNullable<SimulationSpec['admission']>['admit']>[1]) {
        const { nowSeconds, outstanding, queued, queueDelaySeconds, usedBlocks } = system
        seen.push([nowSeconds, outstanding, queued, queueDelaySeconds, usedBlocks])
        return true as const
      },
    }
    run([...two, [1.25, 4, 1]], patience({}), { admission })
    expect(seen.slice(0, 3)).toEqual([
      [0, 0, 0, 0, 0],
      [0.5, 1, 0, 0, 2],
      [1.25, 2, 1, 0.75, 3],
    ])
  })

  it.each([
    [() => 1, 'neither a yes nor a reason'],
    [() => '', 'neither a yes nor a reason'],
    [
      () => {
        throw new Error('no idea')
      },
      'no idea',
    ],
  ])('that breaks its contract is named: %s', (admit, why) => {
    const admission = { name: 'odd', admit } as unknown as NonNullable<SimulationSpec['admission']>
    const broken = () => run([[0, 8, 1]], patience({}), { admission })
    expect(broken).toThrow('admission policy odd')
    expect(broken).toThrow(why)
  })

  it('in a closed loop lets the next request follow after a pause', () => {
    const admission = { name: 'never', admit: () => 'no' }
    const requests = Array.from({ length: 5 }, (): Request => [0, 8, 1])
    expect(run(requests, patience({}), { admission, concurrency: 1 })).toMatchObject({
      rejected_requests: 5,
      refusals: { no: 5 },
    })
  })
})

describe('the command line', () => {
  const overload =
    'run --model llama3-8b --xpu h100 --avg-input-length 500 --avg-output-length 500 --arrival-rate 40 --duration 30 --slo-ttft 1000'
  const line = (flags: string) => llmsim(`${overload} ${flags}`.trim().split(/ +/), '.')
  const results = async (flags: string): Promise<SimulationResult> => {
    const { code, stdout, stderr } = await line(`${flags} --format json`)
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout) as SimulationResult
  }

  it('sheds what would wait too long: more requests are good than where all are let in', async () => {
    const all = await results('')
    for (const flags of [
      '--admission queue-limit --set admission.options.max_queued=10',
      '--admission token-bucket --set admission.options.rate=14',
      '--admission shed --set admission.options.otherwise=0.5',
    ]) {
      const some = await results(flags)
      expect(some.rejected_requests).toBeGreaterThan(100)
      expect(Object.values(some.refusals ?? {})).toEqual([some.rejected_requests])
      expect(some.goodput!.requests_per_sec).toBeGreaterThan(1.2 * all.goodput!.requests_per_sec)
      expect(some.first_token_latency.p99).toBeLessThan(0.5 * all.first_token_latency.p99!)
    }
  })

  it('takes limits for the classes that there are, and for their priorities', async () => {
    const classes = '--set workload.classes=[{"name":"chat","priority":3},{"name":"batch"}]'
    for (const options of [
      'limits={"batch":0}',
      'limits={"0":0} --set admission.options.by=priority',
    ])
      expect(
        (await results(`--admission shed ${classes} --set admission.options.${options}`)).refusals,
      ).toHaveProperty('overload')
  })

  it('counts clients that give up, alike step by step', async () => {
    const flags =
      '--client-timeout 10 --client-retries 2 --set workload.client.timeout_until=first-token'
    const result = await results(flags)
    expect(result.clients!.timeouts).toBeGreaterThan(100)
    expect(result.clients!.retries).toBeGreaterThan(100)
    expect(result.failed_requests).toBe(result.clients!.timed_out_requests)
    expect(result.total_requests).toBe(
      result.completed_requests + result.failed_requests! + result.unfinished_requests,
    )
    const stepped = await results(`${flags} --step-by-step`)
    expect(stepped.clients).toEqual(result.clients)
  })

  it.each([
    ['--admission tokenbucket', 'did you mean token-bucket?'],
    ['--admission token-bucket', 'admission.options.rate: is required'],
    ['--admission shed --set admission.options.limits={"chat":1}', 'of which there are none'],
    [
      '--admission shed --set admission.options.limits={"cht":1} --set workload.classes=[{"name":"chat"}]',
      'did you mean chat?',
    ],
    [
      '--admission shed --set admission.options.by=priority --set admission.options.limits={"3":1}',
      'no request has this priority',
    ],
    ['--admission queue-limit --set admission.options.max_queue=3', 'did you mean max_queued?'],
    ['--set workload.client.timeout_until=completion', 'there is no timeout_s'],
    ['--set workload.client.backoff_s=1', 'nothing is sent again'],
    ['--client-timeout 0', 'workload.client.timeout_s'],
    ['--client-retries -1', 'workload.client.max_retries'],
  ])('refuses %s', async (flags, why) => {
    const { code, stdout, stderr } = await line(flags)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(why)
  })
})
