import type {
  CostModel,
  EncodePoolSpec,
  PoolSpec,
  PromptImages,
  SimulationResult,
  SimulationSpec,
} from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.js'

/** An eighth of a second for each prompt token, half a second for a decode step; no image may come here. */
const costModel: CostModel = {
  name: 'text',
  step(work, into) {
    expect(work.images?.images ?? 0).toBe(0)
    into.seconds = work.prefillTokens * 0.125 + (work.decodes > 0 ? 0.5 : 0)
    into.growth = 0
    into.horizon = work.prefillTokens > 0 ? 1 : Infinity
  },
  breakdown: () => [],
}

const mixed: PoolSpec = {
  name: 'pool',
  role: 'mixed',
  replicas: 1,
  devicesPerReplica: 1,
  stages: 1,
  costModel,
  createScheduler: () => ({
    name: 'all at once',
    plan(view, plan) {
      for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot))
        plan.prefill(slot, view.prefillRemaining(slot))
      plan.decodeAll()
      plan.repeats = Infinity
    },
  }),
  router: { name: 'first', route: () => 0 },
  memory: { kvBlocks: 100, blockSize: 4, bytesPerBlock: 1, staticBytes: 1 },
  power: { idleWatts: 0, prefillWatts: 0, decodeWatts: 0 },
  deviceUsdPerHour: 2,
}

/** Two seconds for an image, four bytes a token over eight bytes a second, and half a second of latency. */
const encodePool: EncodePoolSpec = {
  replicas: 2,
  devicesPerReplica: 3,
  seconds: ({ patches }) => patches / 4,
  bytesPerToken: 4,
  bandwidthBytesPerSecond: 8,
  latencySeconds: 0.5,
  power: { idleWatts: 1, prefillWatts: 10, decodeWatts: 5 },
  deviceUsdPerHour: 1,
}

/** Four tokens each: two seconds on the link. */
const imagesOf = (count: number): PromptImages | undefined =>
  count === 0 ? undefined : { count, tokens: 4, patches: 8, pairs: 64, offset: 0 }

/** Requests of 16 prompt tokens and one output token: their arrival and their images. */
function run(
  requests: readonly (readonly [number, number])[],
  fields: Partial<SimulationSpec> = {},
): SimulationResult {
  const spec = (): SimulationSpec => {
    let at = 0
    return {
      pools: [mixed],
      encodePool,
      images: true,
      source: {
        next(into) {
          const request = requests[at++]
          if (request === undefined) return false
          into.arrivalSeconds = request[0]
          into.images = imagesOf(request[1])
          into.promptTokens = 16
          into.outputTokens = 1
          return true
        },
      },
      durationSeconds: Infinity,
      warmUpSeconds: 0,
      exactQuantiles: true,
      ...fields,
    }
  }
  const result = simulate(spec())
  expect(simulate({ ...spec(), stepByStep: true })).toEqual(result)
  return result
}

describe('an encode pool', () => {
  it('encodes an image before its prompt is computed', () => {
    const result = run([[0, 1]])
    // Two seconds of encoding, two on the link and a half; then the prompt.
    expect(result.first_token_latency.mean).toBe(2 + 2 + 0.5 + 2)
    expect(result.images).toEqual({ requests: 1, images: 1, tokens: 4, encoded_images: 1 })
    expect(result.encode_pool).toMatchObject({
      replicas: 2,
      devices: 6,
      images: 1,
      bytes: 16,
      utilization: 2 / (6.5 * 2),
      time: { mean: 4.5 },
      // Two seconds of one replica's three devices at work, the rest of both idle.
      energy_joules: 3 * (2 * 10 + (13 - 2)),
    })
    expect(result.energy.total_joules).toBe(result.encode_pool!.energy_joules)
    expect(result.cost!.usd_per_hour).toBe(2 + 6)
    expect(result.xpu_utilization).toBeCloseTo((2 * 1 + 2 * 3) / (6.5 * 7), 12)
  })

  it('spreads the images of one request over its replicas', () => {
    // Two at once, two more after them; each sends while it encodes, and both links take two seconds an image.
    expect(run([[0, 4]]).encode_pool!.time.mean).toBe(2 + 2 + 2 + 0.5)
    expect(run([[0, 3]]).encode_pool!.time.mean).toBe(2 + 2 + 2 + 0.5)
    expect(run([[0, 2]]).encode_pool!.time.mean).toBe(2 + 2 + 0.5)
  })

  it('lets requests wait for each other, and text pass', () => {
    const result = run([
      [0, 4],
      [1, 1],
      [1, 0],
    ])
    // The second finds both busy until 4: its image is there at 8.5. The third goes straight to its prompt.
    expect(result.encode_pool!.time).toMatchObject({ min: 6.5, max: 8.5 - 1 })
    expect(result.first_token_latency.min).toBe(2)
    expect(result.encode_pool!.images).toBe(5)
  })

  it('works with prefill and decode pools, and with clients that give up', () => {
    const kvTransfer = { bandwidthBytesPerSecond: 8, bytesPerToken: 1, latencySeconds: 0.25 }
    const pools = (['prefill', 'decode'] as const).map((role) => ({ ...mixed, name: role, role }))
    expect(run([[0, 1]], { pools, kvTransfer }).first_token_latency.mean).toBe(6.5)
    const impatient = run([[0, 1]], {
      client: {
        timeoutSeconds: 3,
        waitsFor: 'completion',
        maxRetries: 0,
        backoffSeconds: 1,
        random: () => 0.5,
      },
    })
    expect(impatient).toMatchObject({ completed_requests: 0, failed_requests: 1 })
    expect(impatient.simulation_time).toBe(3)
  })

  it.each<[string, Partial<EncodePoolSpec>]>([
    ['replicas', { replicas: 0 }],
    ['devicesPerReplica', { devicesPerReplica: 1.5 }],
    ['bytesPerToken', { bytesPerToken: 0 }],
    ['bandwidthBytesPerSecond', { bandwidthBytesPerSecond: Infinity }],
    ['latencySeconds', { latencySeconds: -1 }],
  ])('is refused with wrong %s', (field, wrong) => {
    const spec = { ...encodePool, ...wrong }
    expect(() => run([[0, 1]], { encodePool: spec })).toThrow(new RegExp(`encodePool.${field}`))
  })

  it('is refused where requests have no images', () => {
    expect(() => run([[0, 0]], { images: false })).toThrow(/encodePool/)
  })
})
