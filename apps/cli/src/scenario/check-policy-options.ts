import { nearNames, SimulatorError } from '@llmsim/contracts'
import type { Registry } from '../registries.js'

interface PolicyFactory {
  readonly options?: readonly string[]
}

/**
 * Refuses options that no policy of a kind reads. One set may stand for a comparison: an option of another
 * scheduler or router is let through, and so is every option where the chosen one does not say what it reads.
 *
 * Throws `SimulatorError` `UNKNOWN_FIELD`.
 */
export function checkPolicyOptions(
  kind: 'scheduler' | 'router',
  name: string,
  options: Readonly<Record<string, unknown>>,
  path: string,
  policies: Registry<PolicyFactory>,
): void {
  const own = policies.get(name)?.options
  if (own === undefined) return
  const known = new Set([...policies.values()].flatMap((factory) => factory.options ?? []))
  for (const option of Object.keys(options)) {
    if (known.has(option)) continue
    throw new SimulatorError({
      code: 'UNKNOWN_FIELD',
      path: `${path}.options.${option}`,
      message: `is no option of the ${kind} ${name}, nor of any other`,
      accepted: own.length === 0 ? 'no option' : own.join(', '),
      nearest: nearNames(option, known),
    })
  }
}
