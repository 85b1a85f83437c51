import type { Registries } from '../registries.js'
import { checkPolicyOptions } from './check-policy-options.js'
import { conflict } from './conflict.js'
import type { ResolvedScenario } from './resolved-scenario.js'

/**
 * Refuses options that no router has, and a router that is to go by what no request has: what prompts begin with,
 * or LoRA adapters. Throws `SimulatorError` `UNKNOWN_FIELD`, `CONFLICT`.
 */
export function checkRouters(scenario: ResolvedScenario, { routers }: Registries): void {
  const { router, disaggregation, pools = [], pool_router: front } = scenario
  const checkOne = (given: GivenRouter | undefined, path: string): void => {
    const { name = router.name, options = {} } = given ?? {}
    checkPolicyOptions('router', name, options, path, routers)
    check(given, path, scenario)
  }
  checkOne(router, 'router')
  checkOne(front, 'pool_router')
  pools.forEach((pool, i) => {
    checkOne(pool.router, `pools[${i}].router`)
  })
  for (const pool of ['prefill', 'decode'] as const)
    checkOne(disaggregation?.[pool].router, `disaggregation.${pool}.router`)
}

interface GivenRouter {
  readonly name?: string | undefined
  readonly options?: Readonly<Record<string, unknown>> | undefined
}

function check(router: GivenRouter | undefined, path: string, { engine }: ResolvedScenario): void {
  const { name, options = {} } = router ?? {}
  if (options.key === 'prefix' && engine.enable_prefix_caching !== true)
    throw conflict(
      `${path}.options.key`,
      'is what prompts begin with, which is known with prefix caching only',
      'another key, or engine.enable_prefix_caching',
      'prefix',
    )
  if (engine.lora !== undefined) return
  if (name === 'lora-affinity')
    throw conflict(
      `${path}.name`,
      'goes by LoRA adapters, of which there are none',
      'another router, or engine.lora.max_loras (--max-loras)',
      name,
    )
  if (options.key === 'adapter')
    throw conflict(
      `${path}.options.key`,
      'is the LoRA adapter, of which there are none',
      'another key, or engine.lora.max_loras (--max-loras)',
      'adapter',
    )
}
