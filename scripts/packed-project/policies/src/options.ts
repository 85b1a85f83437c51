import { nearNames, SimulatorError } from '@llmsim/contracts'

/** The numbers among the options of a policy; refuses other names, and numbers below `least`. */
export function readNumbers<Name extends string>(
  section: string,
  given: Readonly<Record<string, unknown>>,
  defaults: Readonly<Record<Name, number>>,
  least: number,
): Record<Name, number> {
  const values: Record<string, number> = { ...defaults }
  for (const [name, value] of Object.entries(given)) {
    const path = `${section}.options.${name}`
    if (!Object.hasOwn(defaults, name))
      throw new SimulatorError({
        code: 'UNKNOWN_FIELD',
        path,
        message: 'is no option of this policy',
        accepted: Object.keys(defaults).join(', '),
        nearest: nearNames(name, Object.keys(defaults)),
      })
    if (typeof value !== 'number' || !(value >= least && value < Infinity))
      throw new SimulatorError({
        code: 'INVALID_VALUE',
        path,
        message: 'is out of range',
        given: value,
        accepted: `a number from ${least} on`,
      })
    values[name] = value
  }
  return values
}
