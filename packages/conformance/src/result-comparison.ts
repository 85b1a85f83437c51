import type { SimulationResult } from '@llmsim/contracts'

/**
 * Figures that differ by more than a relative tolerance, each as `path: a, b`: each is measured by its own size,
 * a latency's figures by its mean at least, and shares of a whole by the whole. Quantiles are no exception. Steps
 * that are jumped over end when they would have ended one by one, to the last bit, so that the same values
 * lie in the same buckets and in the same order.
 */
export function resultDifferences(
  a: SimulationResult,
  b: SimulationResult,
  tolerance = 1e-9,
): string[] {
  const found: string[] = []
  compare(a, b, '', 0, tolerance, found)
  return found
}

function compare(
  a: unknown,
  b: unknown,
  path: string,
  scale: number,
  tolerance: number,
  found: string[],
): void {
  if (typeof a === 'number' && typeof b === 'number') {
    const size = Math.max(Math.abs(a), Math.abs(b), scale)
    if (!(Math.abs(a - b) <= tolerance * size)) found.push(`${path}: ${a}, ${b}`)
    return
  }
  if (isRecord(a) && isRecord(b)) {
    const own = scaleOf(a)
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
      compare(a[key], b[key], path === '' ? key : `${path}.${key}`, own, tolerance, found)
    return
  }
  if (a !== b) found.push(`${path}: ${String(a)}, ${String(b)}`)
}

/** What the fields of an object are measured by, beside their own size. */
function scaleOf(value: Readonly<Record<string, unknown>>): number {
  // A deviation is as exact as the values that it is taken from.
  if (typeof value.mean === 'number') return Math.abs(value.mean)
  // A share is as exact as the whole.
  return 'idle' in value ? 1 : 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
