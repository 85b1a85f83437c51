import { nearNames, SimulatorError } from '@llmsim/contracts'

const PATH = 'cost_model.options'

/** The error for a name that a cost model's options do not have. */
export function unknownOption(name: string, names: readonly string[]): SimulatorError {
  return new SimulatorError({
    code: 'UNKNOWN_FIELD',
    path: `${PATH}.${name}`,
    message: 'is no option of this cost model',
    accepted: names.join(', '),
    nearest: nearNames(name, names),
  })
}

/** An option's value as a finite number: a share in (0, 1], or a size of at least 0. */
export function readNumber(name: string, value: unknown, kind: 'share' | 'size'): number {
  const isShare = kind === 'share'
  const fits =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (isShare ? value > 0 && value <= 1 : value >= 0)
  if (fits) return value
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: `${PATH}.${name}`,
    message: isShare ? 'is a share of what the datasheet states' : 'is a size or a time',
    given: value,
    accepted: isShare ? 'a number above 0, at most 1' : 'a number, at least 0',
  })
}
