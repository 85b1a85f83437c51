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
  const run = startSimulation(spec)
  while (!run.advance(Infinity));
  return run.result()
}

/** A simulation that runs when it is told to. */
export interface Simulation {
  /**
   * Runs on for so many events, or to its end.
   *
   * @returns whether it is over
   */
  advance(events: number): boolean
  /** Ends it where it is: its result is then `partial`. */
  stop(): void
  /** What was measured; only when it is over or stopped. */
  result(): SimulationResult
}

/** A {@link simulate} in pieces, between which a caller may do something else. Errors: the same. */
export function startSimulation(spec: SimulationSpec): Simulation {
  checkSpecification(spec)
  const run = new SimulationRun(spec)
  const { loop } = run
  loop.begin()
  let over = false
  const close = (): void => {
    over = true
    loop.end()
  }
  return {
    advance(events) {
      if (!over && loop.advance(events)) close()
      return over
    },
    stop() {
      if (over) return
      loop.stop()
      close()
    },
    result: () => resultOf(run),
  }
}
