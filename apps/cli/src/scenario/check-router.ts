import { conflict } from './conflict.js'
import type { ResolvedScenario } from './resolved-scenario.js'

/**
 * Refuses a router that is to go by what no request has: what prompts begin with, or LoRA adapters. Throws
 * `SimulatorError` `CONFLICT`.
 */
export function checkRouters(scenario: ResolvedScenario): void {
  const { router, disaggregation, pools = [], pool_router: front } = scenario
  check(router, 'router', scenario)
  check(front, 'pool_router', scenario)
  pools.forEach((pool, i) => {
    check(pool.router, `pools[${i}].router`, scenario)
  })
  for (const pool of ['prefill', 'decode'] as const)
    check(disaggregation?.[pool].router, `disaggregation.${pool}.router`, scenario)
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
