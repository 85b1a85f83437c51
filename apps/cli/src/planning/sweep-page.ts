import { chartGrid, html, page } from '@llmsim/report'
import { count } from '../output/figures.js'
import { parallelChart } from './parallel-chart.js'
import type { StudyFigure } from './study-figure.js'
import { shortName } from './sweep-plan.js'
import type { SweepColumns } from './sweep-rows.js'

/** A sweep as one HTML page, which fetches nothing and runs no script. */
export function sweepPage(columns: SweepColumns, figures: readonly StudyFigure[]): string {
  const { axes, rows } = columns
  const failed = rows.filter(({ problem }) => problem !== undefined)
  return page({
    kicker: 'llmsim sweep',
    title: axes.map(({ field }) => shortName(field)).join(', '),
    lede: `${count(rows.length)} points, ${count(failed.length)} of them without figures.`,
    sections: [
      {
        id: 'points',
        title: 'Points',
        content: chartGrid([parallelChart(columns, figures)]),
      },
      ...(failed.length === 0
        ? []
        : [
            {
              id: 'problems',
              title: 'Points without figures',
              content: html`<ul>
                ${[...new Set(failed.map(({ problem }) => problem ?? ''))].map(
                  (problem) => html`<li>${problem}</li>`,
                )}
              </ul>`,
            },
          ]),
    ],
    footer: html`<p>
      Every figure of every point is in the CSV and the Parquet file of the sweep.
    </p>`,
  })
}
