import type { Accelerator, Calibration } from '@llmsim/contracts'

/** A calibration for an accelerator, and how it was come by. */
export interface TransferredCalibration {
  readonly calibration: Calibration
  /** Accelerator that was measured. */
  readonly from: string
  /** True where that is the accelerator itself. */
  readonly exact: boolean
  /**
   * Median absolute error to expect, in percent: of serving where that was measured with these curves, else of
   * kernel times.
   */
  readonly expectedErrorPercent: number
}

/** What a step further away adds to the expected error, in percent. */
const STEP_PERCENT = { generation: 8, vendor: 15, other: 25 } as const

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** A generation and its refresh (`blackwell`, `blackwell-ultra`) have the same units. */
const family = (generation: string): string => generation.replace(/-ultra$/, '')

/** Median of the errors that a calibration states of itself; 10 where it states none. */
function ownError({ fits }: Calibration): number {
  const errors = fits.map((fit) => fit.median_error_percent).toSorted((a, b) => a - b)
  return errors[Math.floor(errors.length / 2)] ?? 10
}

/** FLOP/s per byte/s at the ridge of the roofline. */
function ridge(accelerator: Accelerator): number {
  const { bf16, fp16, fp32 } = accelerator.peak_flop_per_s
  return (bf16 ?? fp16 ?? fp32 ?? 1) / accelerator.memory_bandwidth_bytes_per_s
}

/** How many times larger one of two figures is. */
function apart(a: number, b: number): number {
  return a > b ? a / b : b / a
}

/**
 * The calibration of an accelerator, or of its nearest relative: of the same vendor and generation
 * first, then of the vendor, then of any; among those the one with the nearest ridge point and memory
 * bandwidth. Shares of the datasheet carry over, and so do latencies in seconds.
 *
 * @param calibrations Known ones; empty: undefined is returned.
 * @param accelerators Datasheets of what `calibrations` name, to tell vendor and generation; one that
 *   lacks its datasheet is only taken for the accelerator of its own name.
 */
export function transferCalibration(
  accelerator: Accelerator,
  calibrations: readonly Calibration[],
  accelerators: ReadonlyMap<string, Accelerator> = new Map(),
): TransferredCalibration | undefined {
  const names = [accelerator.name, ...accelerator.aliases]
  const own = calibrations.find(
    (calibration) =>
      names.includes(calibration.name) || calibration.aliases.includes(accelerator.name),
  )
  if (own !== undefined)
    return {
      calibration: own,
      from: own.name,
      exact: true,
      expectedErrorPercent: ownError(own),
    }
  let best: { calibration: Calibration; kin: keyof typeof STEP_PERCENT; score: number } | undefined
  for (const calibration of calibrations) {
    const relative = accelerators.get(calibration.name)
    if (relative === undefined) continue
    const vendor = same(relative.vendor, accelerator.vendor)
    const kin =
      vendor && same(family(relative.generation), family(accelerator.generation))
        ? 'generation'
        : vendor
          ? 'vendor'
          : 'other'
    const score =
      1000 * STEP_PERCENT[kin] +
      apart(ridge(relative), ridge(accelerator)) +
      apart(relative.memory_bandwidth_bytes_per_s, accelerator.memory_bandwidth_bytes_per_s)
    if (best === undefined || score < best.score) best = { calibration, kin, score }
  }
  if (best === undefined) return undefined
  const { calibration, kin } = best
  return {
    calibration: { ...calibration, name: accelerator.name, aliases: [] },
    from: calibration.name,
    exact: false,
    expectedErrorPercent:
      calibration.relatives?.[accelerator.name]?.error_percent ??
      ownError(calibration) + STEP_PERCENT[kin],
  }
}
