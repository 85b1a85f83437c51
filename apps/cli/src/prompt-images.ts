import { imageSize, type Model } from '@llmsim/contracts'
import { withImages } from '@llmsim/workloads'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'
import type { Traffic } from './traffic.js'

/** The requests of a scenario with the images that it gives them. */
export function imageTraffic(
  traffic: Traffic,
  { workload, random_seed: seed }: ResolvedScenario,
  { vision }: Model,
): Traffic {
  const { images } = workload
  if (images === undefined || vision === undefined) return traffic
  const { per_request: each = 1, sizes = [] } = images
  const counts = typeof each === 'number' ? [...Array<number>(each).fill(0), 1] : each
  const drawn = sizes.map(({ width, height, weight = 1 }) => ({
    ...imageSize(vision, width, height),
    weight,
  }))
  const most = counts.findLastIndex((weight) => weight > 0)
  const longest = Math.max(0, ...drawn.map(({ tokens }) => tokens))
  return {
    ...traffic,
    source: (...names) => withImages(traffic.source(...names), { counts, sizes: drawn, seed }),
    longestRequest: traffic.longestRequest + Math.max(0, most) * longest,
  }
}
