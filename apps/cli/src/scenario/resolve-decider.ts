import type { Scenario } from '@llmsim/contracts'
import { conflict } from './conflict.js'
import { named, type Registries } from '../registries.js'
import type { ResolvedScenario } from './resolved-scenario.js'

/** Which prompts a prefill pool computes. Throws `SimulatorError` where there is none. */
export function resolveDecider(
  { decider }: Scenario,
  hasPrefillPools: boolean,
  registries: Registries,
): Pick<ResolvedScenario, 'decider'> {
  if (decider === undefined) return {}
  if (!hasPrefillPools)
    throw conflict('decider', 'no pool prefills for others', 'disaggregation, or prefill pools')
  const { name = 'always', options = {} } = decider
  named(registries.deciders, 'decider', name, 'decider.name')
  return { decider: { name, options } }
}
