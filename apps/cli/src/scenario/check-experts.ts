import type { Model, Scenario } from '@llmsim/contracts'
import { conflict } from './conflict.js'

/** Refuses to spread the experts of a model that has none. Throws `SimulatorError` `CONFLICT`. */
export function checkExpertSwitch(scenario: Scenario, { name, ffn }: Model): void {
  if (ffn.kind === 'moe') return
  const { parallelism, disaggregation, pools = [] } = scenario
  const sections = {
    parallelism,
    'disaggregation.prefill': disaggregation?.prefill,
    'disaggregation.decode': disaggregation?.decode,
    ...Object.fromEntries(pools.map((pool, i) => [`pools[${i}]`, pool])),
  }
  for (const [path, section] of Object.entries(sections))
    if (section?.enable_expert_parallel === true)
      throw conflict(
        `${path}.enable_expert_parallel`,
        `${name} has no experts`,
        'false or none, and an expert_parallel_size of 1',
        true,
      )
}
