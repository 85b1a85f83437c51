import { Calibration, type CalibrationFit, type CalibrationSource } from '@llmsim/contracts'
import type { FitOutcome } from './fit-outcome.js'

/** What a fitted calibration says of itself. */
export interface Provenance {
  readonly name: string
  readonly aliases: readonly string[]
  /** `YYYY-MM-DD`. */
  readonly date: string
  readonly url: string
  readonly title: string
}

const method =
  'llmsim calibrate: bounded Levenberg-Marquardt on the logarithm of times, drawn towards the coefficients before; errors are of rows left out in turn'

/** A calibration as `--catalog` reads it: of the next version, with what its fits and source say. */
export function calibrationDocument(
  fitted: Calibration,
  outcomes: readonly FitOutcome[],
  { name, aliases, date, url, title }: Provenance,
): Calibration {
  const curves = outcomes.map(({ curve }) => curve)
  const fits = outcomes.map(
    ({ curve, rows, excluded_rows, leave_one_out, note }): CalibrationFit => ({
      curve,
      rows,
      held_out_rows: rows,
      median_error_percent: leave_one_out.median_percent,
      p90_error_percent: leave_one_out.p90_percent,
      excluded_rows,
      note: ['each row was left out in turn', note].filter((part) => part).join('; '),
    }),
  )
  const source: CalibrationSource = {
    url,
    title,
    license: 'not stated',
    method,
    ...(curves.includes('serving') ? {} : { curves }),
  }
  return Calibration.parse({
    ...fitted,
    name,
    aliases,
    version: fitted.version + 1,
    date,
    fits: [...fitted.fits.filter(({ curve }) => !curves.includes(curve)), ...fits],
    sources: [...fitted.sources, source],
  })
}
