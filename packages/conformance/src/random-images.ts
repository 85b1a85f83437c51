import type { EncodePoolSpec, PromptImages, RequestDraft, SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/**
 * The same specification, in a quarter of the cases with images in prompts, from few tokens to most of one; a third of
 * these with a pool that encodes them.
 */
export function withRandomImages(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 8_000_009)
  if (!random.chance(0.25)) return spec
  const { source } = spec
  const images: PromptImages = { count: 0, tokens: 0, patches: 0, pairs: 0, offset: 0 }
  return {
    ...spec,
    images: true,
    ...(random.chance(1 / 3) ? { encodePool: randomPool(random) } : {}),
    source: {
      ...source,
      next(into: RequestDraft): boolean {
        if (!source.next(into)) return false
        const tokens = random.pick([1, 7, 16, 100])
        const most = Math.floor(into.promptTokens / tokens)
        if (most === 0 || random.chance(0.3)) return true
        images.count = random.whole(1, most)
        images.tokens = tokens
        images.patches = 4 * tokens
        images.pairs = images.patches ** 2
        images.offset = random.whole(0, into.promptTokens - images.count * tokens)
        into.images = images
        return true
      },
    },
  }
}

function randomPool(random: RandomNumbers): EncodePoolSpec {
  const perPatch = random.pick([0, 0.000_02, 0.001])
  return {
    replicas: random.pick([1, 3]),
    devicesPerReplica: random.pick([1, 2]),
    seconds: ({ patches }) => patches * perPatch,
    bytesPerToken: 1000,
    bandwidthBytesPerSecond: random.pick([1e6, 1e9]),
    latencySeconds: random.pick([0, 0.0007]),
    power: { idleWatts: 100, prefillWatts: 700, decodeWatts: 400 },
    deviceUsdPerHour: 2,
  }
}
