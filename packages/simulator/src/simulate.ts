import type { SimulationResult, SimulationSpec } from '@llmsim/contracts'
import { resultOf } from './simulation-result.js'
import { SimulationRun } from './simulation-run.js'
import { checkSpecification } from './specification-check.js'

/**
 * Simulates one deployment under one stream of requests.
 *
 * The same specification (made anew: sources and policies have state) gives the same result, bit for
 * bit.
 *
 * Errors: `INVALID_VALUE` and `CONFLICT` for a specification or a request that cannot be run, before
 * it is; `CONTRACT` when a scheduler, router or cost model breaks its contract.
 */
export function simulate(spec: SimulationSpec): SimulationResult {
  checkSpecification(spec)
  const run = new SimulationRun(spec)
  run.run()
  return resultOf(run)
}
