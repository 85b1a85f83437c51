import type { RequestSource } from '@llmsim/contracts'
import { limitedSource, predictedSource } from '@llmsim/workloads'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** The requests of a source, with what their clients allow and what a predictor expects of them. */
export function clientSource(
  source: RequestSource,
  { workload, random_seed: seed }: ResolvedScenario,
): RequestSource {
  const { client, output_prediction_error: relativeError } = workload
  const limit = client?.max_output_tokens
  const limited = limit === undefined ? source : limitedSource(source, limit)
  return relativeError === undefined ? limited : predictedSource(limited, { relativeError, seed })
}
