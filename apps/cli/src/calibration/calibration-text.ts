import { figure } from '../output/figures.js'
import { textTable } from '../output/text-table.js'
import type { ErrorShare, FitOutcome } from './fit-outcome.js'

/** The coefficients before and after, and the errors of each fit, for the terminal. */
export function calibrationText(fits: readonly FitOutcome[]): string {
  const coefficients = fits.flatMap(({ curve, coefficients: all }) =>
    all.map(({ name, before, after }) => [
      `${curve}.${name}`,
      coefficient(before),
      coefficient(after),
    ]),
  )
  const errors = fits.map((fit) => [
    fit.curve,
    String(fit.rows),
    String(fit.excluded_rows),
    ...cells(fit.before),
    ...cells(fit.after),
    ...cells(fit.leave_one_out),
  ])
  const heads = ['BEFORE', 'AFTER', 'LEFT OUT'].flatMap((head) => [`${head} %`, 'P90 %'])
  const notes = fits.flatMap(({ curve, note }) => (note === undefined ? [] : [`${curve}: ${note}`]))
  return [
    textTable([['COEFFICIENT', 'BEFORE', 'AFTER'], ...coefficients]),
    textTable([['FIT', 'ROWS', 'SET ASIDE', ...heads], ...errors]),
    ...notes,
    '',
  ]
    .join('\n\n')
    .trimEnd()
}

function cells({ median_percent, p90_percent }: ErrorShare): string[] {
  return [median_percent.toFixed(1), p90_percent.toFixed(1)]
}

function coefficient(value: number): string {
  return value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(3) : figure(value)
}
