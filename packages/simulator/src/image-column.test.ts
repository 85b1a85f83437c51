import type {
  CostModel,
  ImageUse,
  PoolSpec,
  PromptImages,
  SimulationResult,
  SimulationSpec,
} from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.js'

/** An eighth of a second for each prompt token, a second for each image, half a second for a decode step. */
const costModel: CostModel = {
  name: 'by image',
  step(work, into) {
    into.seconds =
      work.prefillTokens * 0.125 + (work.decodes > 0 ? 0.5 : 0) + (work.images?.images ?? 0)
    into.growth = 0
    into.horizon = work.prefillTokens > 0 ? 1 : Infinity
  },
  breakdown: (work) => [
    {
      name: 'vision',
      seconds: work.images?.images ?? 0,
      flop: 0,
      bytes: 0,
      sentBytes: 0,
      bound: 'compute',
    },
    {
      name: 'rest',
      seconds: work.prefillTokens * 0.125 + (work.decodes > 0 ? 0.5 : 0),
      flop: 0,
      bytes: 0,
      sentBytes: 0,
      bound: 'memory',
    },
  ],
}

/** One request, or its beginning, in chunks of so many tokens. */
function pool(chunk: number, fields: Partial<PoolSpec> = {}): PoolSpec {
  return {
    name: 'pool',
    role: 'mixed',
    replicas: 1,
    devicesPerReplica: 1,
    stages: 1,
    costModel,
    createScheduler: () => ({
      name: 'one by one',
      seesPrefixes: true,
      plan(view, plan) {
        const running = view.firstRunning()
        const slot = running === NO_SLOT ? view.firstWaiting() : running
        const left = slot === NO_SLOT ? 0 : view.prefillRemaining(slot)
        if (left > 0) plan.prefill(slot, Math.min(chunk, left))
        else plan.decodeAll()
        plan.repeats = Infinity
      },
    }),
    router: { name: 'first', route: () => 0 },
    memory: { kvBlocks: 100, blockSize: 4, bytesPerBlock: 1, staticBytes: 1 },
    power: { idleWatts: 0, prefillWatts: 0, decodeWatts: 0 },
    ...fields,
  }
}

/** Two images of 6 tokens behind 2 of text, and 4 tokens of text behind them. */
const images: PromptImages = { count: 2, tokens: 6, patches: 24, pairs: 576, offset: 2 }

function run(
  pools: PoolSpec[],
  requests: number,
  fields: Partial<SimulationSpec> = {},
): SimulationResult {
  const spec = (): SimulationSpec => {
    let left = requests
    const promptBlocks = { ids: [7], count: 1, blockTokens: 16 }
    return {
      pools,
      source: {
        next(into) {
          if (left-- === 0) return false
          into.arrivalSeconds = 100 * (requests - left - 1)
          into.promptTokens = 18
          into.outputTokens = 2
          into.images = images
          into.promptBlocks = promptBlocks
          return true
        },
      },
      images: true,
      durationSeconds: Infinity,
      warmUpSeconds: 0,
      exactQuantiles: true,
      breakdown: true,
      ...fields,
    }
  }
  const result = simulate(spec())
  expect(simulate({ ...spec(), stepByStep: true })).toEqual(result)
  return result
}

const use = (result: SimulationResult): ImageUse => result.images!

describe('images', () => {
  it('are encoded in the step that computes their prompt', () => {
    const result = run([pool(100)], 1)
    expect(result.first_token_latency.mean).toBe(18 / 8 + 2)
    expect(use(result)).toEqual({ requests: 1, images: 2, tokens: 12, encoded_images: 2 })
    expect(result.pools[0]!.breakdown!.operators).toEqual({ vision: 2, rest: 18 / 8 + 0.5 })
    // 19 tokens in blocks of 4.
    expect(result.kv_cache.peak_used_blocks).toBe(5)
    expect(result.utilization!.compute).toBeGreaterThan(0)
  })

  it('are encoded when the first of their tokens is computed, each once', () => {
    const durations: number[] = []
    run([pool(5)], 1, {
      observer: { segmentExecuted: ({ seconds }) => durations.push(seconds) },
    })
    // Tokens 0 to 4 hold the beginning of the first image, 5 to 9 that of the second.
    const once = [5 / 8 + 1, 5 / 8 + 1, 5 / 8, 3 / 8, 0.5]
    expect(durations).toEqual([...once, ...once])
  })

  it('are not encoded where a prefix cache has all of their tokens', () => {
    const caching = pool(100, { prefixCaching: { blockBytes: 1 } })
    // The second request finds 16 of its 18 tokens, and with them both images.
    expect(use(run([caching], 2)).encoded_images).toBe(2)
    const short = { ...images, count: 3, tokens: 5 }
    const result = run([caching], 2, {
      source: {
        ...repeated(short),
      },
    })
    // The third ends at token 17, of which 16 are found: it is encoded again.
    expect(use(result)).toMatchObject({ images: 6, encoded_images: 4 })
  })

  it.each<[string, Partial<PromptImages>]>([
    ['images.count', { count: 0 }],
    ['images.tokens', { tokens: 1.5 }],
    ['images.patches', { patches: NaN }],
    ['images.pairs', { pairs: -1 }],
    ['images.offset', { offset: -1 }],
    ['promptTokens', { count: 3 }],
  ])('are refused with a wrong %s', (field, wrong) => {
    const source = repeated({ ...images, ...wrong })
    expect(() => run([pool(100)], 1, { source })).toThrow(new RegExp(field))
  })

  it('are refused in a run that has none', () => {
    expect(() => run([pool(100)], 1, { images: false })).toThrow(/images/)
  })
})

/** Two requests alike, for as often as the source is begun anew. */
function repeated(each: PromptImages): SimulationSpec['source'] {
  let asked = 0
  return {
    next(into) {
      if (asked % 3 === 2) {
        asked++
        return false
      }
      into.arrivalSeconds = 100 * (asked++ % 3)
      into.promptTokens = 18
      into.outputTokens = 2
      into.images = each
      into.promptBlocks = { ids: [7], count: 1, blockTokens: 16 }
      return true
    },
  }
}
