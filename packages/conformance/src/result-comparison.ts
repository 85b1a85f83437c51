import type { SimulationResult } from '@llmsim/contracts'

/** Figures that differ by more than a relative tolerance, each as `path: a, b`. */
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
    // A deviation is as exact as the values it is taken from, and a share as the whole.
    const mean = 'mean' in a && typeof a.mean === 'number' ? Math.abs(a.mean) : 'idle' in a ? 1 : 0
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
      compare(a[key], b[key], path === '' ? key : `${path}.${key}`, mean, tolerance, found)
    return
  }
  if (a !== b) found.push(`${path}: ${String(a)}, ${String(b)}`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
