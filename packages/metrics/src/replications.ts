import type { ReplicatedFigure, Replications } from '@llmsim/contracts'
import { figure } from './latency-summary.js'
import { resultFigures } from './result-figures.js'
import { confidenceHalfWidth, sampleOf, type Sample } from './sample.js'

/**
 * Mean, spread and confidence interval of every figure over runs that differ in their seed alone, in
 * the order of the first result; a figure that later ones have alone follows.
 *
 * @param results one for each seed, in the order of the seeds.
 */
export function replicationsOf(
  results: readonly object[],
  seeds: readonly number[],
  level = 0.95,
): Replications {
  const values = new Map<string, number[]>()
  for (const result of results)
    for (const [path, value] of resultFigures(result)) {
      const known = values.get(path) ?? []
      if (value !== null) known.push(value)
      values.set(path, known)
    }
  const figures: Record<string, ReplicatedFigure> = {}
  for (const [path, known] of values) {
    const sample = sampleOf(known)
    figures[path] = {
      count: sample.count,
      mean: figure(sample.mean),
      std: figure(sample.std),
      half_width: figure(confidenceHalfWidth(sample, level)),
    }
  }
  return { seeds: [...seeds], confidence_level: level, figures }
}

/** A replicated figure as the sample that it came from, for a test against another one. */
export function replicatedSample({ count, mean, std }: ReplicatedFigure): Sample {
  return { count, mean: mean ?? NaN, std: std ?? NaN }
}
