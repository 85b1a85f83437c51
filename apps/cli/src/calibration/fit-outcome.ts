import { quantile } from '../validation/error-statistics.js'

/** One number that a fit may change. */
export interface Coefficient {
  readonly name: string
  readonly before: number
  readonly after: number
}

/** Absolute percentage errors of predicted against measured. */
export interface ErrorShare {
  readonly median_percent: number
  readonly p90_percent: number
}

/** What a fit made of the rows of one curve, or of all serving measurements. */
export interface FitOutcome {
  /** Dotted path of the curve: `gemm.bf16`; `serving` for factors of all of them. */
  readonly curve: string
  readonly rows: number
  /** Rows set aside, for the reason that `note` gives. */
  readonly excluded_rows: number
  readonly note?: string
  readonly coefficients: readonly Coefficient[]
  /** With the coefficients before. */
  readonly before: ErrorShare
  /** With those after, on the rows that made them. */
  readonly after: ErrorShare
  /** Each row by coefficients that were fitted without it. */
  readonly leave_one_out: ErrorShare
}

/** Statistics of `ln(predicted / measured)`. */
export function errorShare(logErrors: readonly number[]): ErrorShare {
  const errors = logErrors.map((error) => Math.abs(Math.expm1(error)))
  const percent = (share: number): number =>
    errors.length === 0 ? 0 : Number((100 * quantile(errors, share)).toFixed(1))
  return { median_percent: percent(0.5), p90_percent: percent(0.9) }
}

/** To the four digits that calibrations state. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
