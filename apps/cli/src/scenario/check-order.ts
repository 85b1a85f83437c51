import { SimulatorError, type ObjectivesSection } from '@llmsim/contracts'
import type { ResolvedScenario } from './resolved-scenario.js'

/** Refuses an order of the queue that has nothing to go by. Throws `SimulatorError` `CONFLICT`. */
export function checkOrders(scenario: ResolvedScenario): void {
  const { scheduler, disaggregation, pools = [] } = scenario
  check(scheduler.options, 'scheduler', scenario)
  pools.forEach((pool, i) => {
    check(pool.scheduler?.options ?? {}, `pools[${i}].scheduler`, scenario)
  })
  for (const pool of ['prefill', 'decode'] as const)
    check(
      disaggregation?.[pool].scheduler?.options ?? {},
      `disaggregation.${pool}.scheduler`,
      scenario,
    )
}

function check(
  options: Readonly<Record<string, unknown>>,
  path: string,
  { workload, slo }: ResolvedScenario,
): void {
  const { order } = options
  if (order === 'sjf' && workload.output_prediction_error === undefined)
    refuse(
      path,
      order,
      'no output length is predicted',
      'workload.output_prediction_error, such as 0.5',
    )
  const objectives = [slo, ...(workload.classes ?? []).map((each) => each.slo)]
  if (order === 'edf' && !objectives.some(hasDeadline))
    refuse(path, order, 'no request has a deadline', 'slo.ttft_ms, of the run or of a class')
  // Who sends the requests of a trace shows when it is read.
  const { trace, tenants = [], classes = [] } = workload
  const known = tenants.length > 0 || classes.some(({ tenant }) => tenant !== undefined)
  if (order === 'fair' && trace === undefined && !known)
    refuse(
      path,
      order,
      'nobody in particular sends the requests',
      'workload.tenants, or classes with a tenant',
    )
}

function hasDeadline(slo: ObjectivesSection | undefined): boolean {
  return slo?.ttft_ms !== undefined || Object.keys(slo?.ttft_percentiles_ms ?? {}).length > 0
}

function refuse(path: string, given: unknown, message: string, accepted: string): never {
  throw new SimulatorError({
    code: 'CONFLICT',
    path: `${path}.options.order`,
    message,
    given,
    accepted: `another order, or ${accepted}`,
  })
}
