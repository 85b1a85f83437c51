import { nearNames, SimulatorError, type SimulationSpec } from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { created } from './deployment.js'
import { named, type Registries } from './registries.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** Who decides which prompts a prefill pool computes; nothing: all of them. Throws `SimulatorError`. */
export function deciderOf(
  { decider, random_seed: seed }: ResolvedScenario,
  registries: Registries,
): Pick<SimulationSpec, 'decider'> {
  if (decider === undefined) return {}
  const { name, options } = decider
  const path = 'decider.name'
  const factory = named(registries.deciders, 'decider', name, path)
  const { options: accepted } = factory
  if (accepted !== undefined)
    for (const option of Object.keys(options))
      if (!accepted.includes(option))
        throw new SimulatorError({
          code: 'UNKNOWN_FIELD',
          path: `decider.options.${option}`,
          message: `is no option of the decider ${name}`,
          accepted: accepted.length === 0 ? 'no option' : accepted.join(', '),
          nearest: nearNames(option, accepted),
        })
  const stream = randomStream(seed, 'decider')
  return {
    decider: created(path, name, 'decide', () =>
      factory.create({ random: () => stream.next(), extra: options }),
    ),
  }
}
