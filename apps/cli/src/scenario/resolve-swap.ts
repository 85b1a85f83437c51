import { SimulatorError, type EngineSection } from '@llmsim/contracts'
import type { ResolvedScenario } from './resolved-scenario.js'

/** GiB per device: the default of vLLM's `--swap-space`. */
const defaultSwapSpace = 4

/**
 * Where preempted requests go. Throws `SimulatorError` `CONFLICT` for host memory that nobody would use.
 */
export function resolveSwap(
  given: EngineSection,
): Pick<ResolvedScenario['engine'], 'preemption_mode' | 'swap_space_gb' | 'host_link_gbs'> {
  const { preemption_mode: mode, swap_space_gb: space, host_link_gbs: link } = given
  const host = link === undefined ? {} : { host_link_gbs: link }
  if (mode === 'swap' || (mode === undefined && space !== undefined))
    return { preemption_mode: 'swap', swap_space_gb: space ?? defaultSwapSpace, ...host }
  if (space !== undefined && space > 0)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: 'engine.swap_space_gb',
      message: 'is not used, since engine.preemption_mode is recompute',
      given: space,
      accepted: 'preemption_mode: swap, or no swap space',
    })
  return host
}
