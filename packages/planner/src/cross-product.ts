import { SimulatorError } from '@llmsim/contracts'
import type { Assignment, Axis } from './axis.js'

/** How many points the cross product of axes has. Throws `SimulatorError` for one without values. */
export function crossProductSize(axes: readonly Axis[]): number {
  return axes.reduce((size, axis) => size * valuesOf(axis).length, 1)
}

/** Every combination of values: the last axis changes fastest. */
export function* crossProduct(axes: readonly Axis[]): Generator<Assignment> {
  const size = crossProductSize(axes)
  for (let index = 0; index < size; index++) {
    const values: unknown[] = []
    let rest = index
    for (const axis of axes.toReversed()) {
      const own = valuesOf(axis)
      values.push(own[rest % own.length])
      rest = Math.floor(rest / own.length)
    }
    yield values.reverse()
  }
}

function valuesOf({ field, values }: Axis): readonly unknown[] {
  if (values !== undefined) return values
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: field,
    message: 'has a range without a step, of which there is no cross product',
    accepted: 'low..high:step, or samples',
  })
}
