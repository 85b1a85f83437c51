import { schedulers } from '@llmsim/schedulers'
import type { Deployment } from './deployment.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'
import type { Traffic } from './traffic-maker.js'

const builtIn = new Set(schedulers.map(({ name }) => name))

/**
 * What a scenario says that changes nothing in it, though it would with another setting: runs that differ in
 * that one are compared.
 */
export function idleSettings(
  { workload, engine }: ResolvedScenario,
  { pools }: Deployment,
  traffic: Traffic,
): string[] {
  const caches = engine.enable_prefix_caching === true
  const orders = new Set(pools.map(({ scheduler }) => scheduler.options.order))
  const idle: string[] = []
  if (workload.shared_prefix_length !== undefined && !caches)
    idle.push('workload.shared_prefix_length changes nothing without engine.enable_prefix_caching')
  if (orders.has('lpm') && !caches)
    idle.push(
      'scheduler.options.order lpm is first come first served without engine.enable_prefix_caching',
    )
  if (orders.has('fair') && traffic.tenants === undefined)
    idle.push(
      'scheduler.options.order fair is first come first served: the trace does not say who sends its requests',
    )
  const { output_prediction_error: error } = workload
  // A scheduler from elsewhere may heed what is predicted, whatever the order.
  const own = pools.every(({ scheduler }) => builtIn.has(scheduler.name))
  if (error !== undefined && own && !orders.has('sjf'))
    idle.push(
      'workload.output_prediction_error changes nothing without scheduler.options.order sjf',
    )
  const spread = pools.some(({ layout }) => (layout.expertParallel ?? 1) > 1)
  const backend = pools
    .map(({ layout }) => layout.allToAllBackend)
    .find((each) => each !== undefined && each !== 'allgather_reducescatter')
  if (backend !== undefined && !spread)
    idle.push(
      `parallelism.all_to_all_backend ${backend} changes nothing while experts are not spread: ` +
        'parallelism.expert_parallel_size is 1',
    )
  return idle
}
