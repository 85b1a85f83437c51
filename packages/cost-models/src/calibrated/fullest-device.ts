import { POPULARITY_SPREAD } from './expert-popularity.js'

/**
 * What the largest of 1, 2, 4, … independent normal values is expected to exceed their mean by, in standard
 * deviations (Harter, Biometrika 48, 1961, table 1, up to 64).
 */
const LARGEST = [0, 0.5642, 1.0294, 1.4236, 1.766, 2.0697, 2.3437, 2.594, 2.827] as const

/** Between powers of two, a line; beyond the table its last value. */
export function expectedLargest(count: number): number {
  let power = 1
  for (let i = 1; i < LARGEST.length; i++) {
    if (count <= 2 * power) {
      const least = LARGEST[i - 1]!
      return least + (LARGEST[i]! - least) * Math.max(0, count / power - 1)
    }
    power *= 2
  }
  return LARGEST[LARGEST.length - 1]!
}

/** Experts that lie on devices, as many on each. */
export interface SpreadExperts {
  readonly devices: number
  /** Experts of one device. */
  readonly perDevice: number
}

/**
 * Rows of the device whose experts get the most, where the average gets `rows`: the devices wait for it.
 * Tokens choose by chance, and experts are more or less popular, so that the rows of a device vary by
 * `1 / rows + spread^2 / (3 perDevice)`, relative and squared.
 */
export function fullestRows(
  { devices, perDevice }: SpreadExperts,
  rows: number,
  spread: number = POPULARITY_SPREAD,
): number {
  const variance = rows + (rows * rows * spread * spread) / (3 * perDevice)
  return rows + expectedLargest(devices) * Math.sqrt(variance)
}

/**
 * Experts that are visited on the device with the most of them, where the average has `visited`: each is
 * with the same probability, so that their number is binomial; never more than the device holds.
 */
export function fullestVisited({ devices, perDevice }: SpreadExperts, visited: number): number {
  const variance = Math.max(0, visited * (1 - visited / perDevice))
  return Math.min(perDevice, visited + expectedLargest(devices) * Math.sqrt(variance))
}
