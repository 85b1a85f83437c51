import type { SimulationResult } from '@llmsim/contracts'

/** Two times may differ by the tolerance of this share of the run, since they are sums of all steps before. */
const CLOCK_SHARE = 1e-3

/** Figures that differ by more than a relative tolerance, each as `path: a, b`. */
export function resultDifferences(
  a: SimulationResult,
  b: SimulationResult,
  tolerance = 1e-9,
): string[] {
  const found: string[] = []
  compare(a, b, '', 0, tolerance, found, a.simulation_time)
  return found
}

function compare(
  a: unknown,
  b: unknown,
  path: string,
  scale: number,
  tolerance: number,
  found: string[],
  clock: number,
): void {
  if (typeof a === 'number' && typeof b === 'number') {
    const size = Math.max(Math.abs(a), Math.abs(b), scale)
    if (!(Math.abs(a - b) <= tolerance * size)) found.push(`${path}: ${a}, ${b}`)
    return
  }
  if (isRecord(a) && isRecord(b)) {
    const own = scaleOf(a, clock)
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
      compare(a[key], b[key], path === '' ? key : `${path}.${key}`, own, tolerance, found, clock)
    return
  }
  if (a !== b) found.push(`${path}: ${String(a)}, ${String(b)}`)
}

/** What the fields of an object are measured by, beside their own size. */
function scaleOf(value: Readonly<Record<string, unknown>>, clock: number): number {
  // A deviation is as exact as the values it is taken from, and a latency as the times that it lies between.
  if (typeof value.mean === 'number') return Math.max(Math.abs(value.mean), CLOCK_SHARE * clock)
  // A share is as exact as the whole.
  return 'idle' in value ? 1 : 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
