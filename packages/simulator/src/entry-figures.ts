import type { SimulationResult } from '@llmsim/contracts'
import type { SimulationRun } from './simulation-run.js'

/** Why requests were refused. */
const TOO_LONG = 'does not fit'

/** Who was not let in, and who did not wait, as the results file has it. */
export function entryFigures(
  run: SimulationRun,
): Pick<SimulationResult, 'refusals' | 'clients' | 'failed_requests'> {
  const { gateway, spec } = run
  const { failed, tooLong } = run.ledger
  const refusals: Record<string, number> = {}
  if (tooLong > 0) refusals[TOO_LONG] = tooLong
  if (gateway !== undefined)
    for (const [reason, count] of [...gateway.refusals].sort(([a], [b]) => (a < b ? -1 : 1)))
      refusals[reason] = (refusals[reason] ?? 0) + count
  return {
    ...(spec.faults === undefined && spec.client === undefined ? {} : { failed_requests: failed }),
    refusals,
    ...(gateway === undefined || spec.client === undefined
      ? {}
      : {
          clients: {
            timeouts: gateway.timeouts,
            timed_out_requests: gateway.timedOut,
            retries: gateway.retries,
            wasted_output_tokens: gateway.wastedTokens,
          },
        }),
  }
}
