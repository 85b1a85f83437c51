import { SimulatorError } from '@llmsim/contracts'
import type { Io } from '../io.js'
import { count } from '../output/figures.js'
import { jsonText, packageVersions } from '../output/results-document.js'
import { textTable } from '../output/text-table.js'
import { shortName } from './sweep-plan.js'
import type { StudyFigure } from './study-figure.js'
import type { SweepColumns, SweepRow } from './sweep-rows.js'

/** Forms in which a sweep can be written, by the ending of the file. */
export type SweepFormat = 'csv' | 'json' | 'parquet' | 'html' | 'svg'

const formats: readonly SweepFormat[] = ['csv', 'json', 'parquet', 'html', 'svg']

/** The form that the ending of a file asks for. Throws `SimulatorError` at `--output`. */
export function sweepFormat(file: string): SweepFormat {
  const found = formats.find((format) => file.toLowerCase().endsWith(`.${format}`))
  if (found !== undefined) return found
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: '--output',
    message: 'has an ending that says nothing',
    given: file,
    accepted: formats.map((format) => `.${format}`).join(', '),
  })
}

/** A sweep in the form of a file. */
export async function sweepBytes(
  columns: SweepColumns,
  format: SweepFormat,
  figures: readonly StudyFigure[],
): Promise<string | Uint8Array> {
  if (format === 'csv') return sweepCsv(columns)
  if (format === 'json') return jsonText(sweepDocument(columns))
  if (format === 'parquet') return await sweepParquet(columns)
  if (format === 'svg') {
    const { chartSvg } = await import('@llmsim/report')
    return chartSvg((await import('./parallel-chart.js')).parallelChart(columns, figures))
  }
  const { sweepPage } = await import('./sweep-page.js')
  return sweepPage(columns, figures)
}

/** Rows that a terminal is given; files hold all. */
const mostRows = 100

/** The table of a sweep: its fields, then some figures. */
export function sweepTable({ axes, rows }: SweepColumns, figures: readonly StudyFigure[]): string {
  const shown = rows.slice(0, mostRows)
  const table = textTable([
    [...axes.map(({ field }) => shortName(field)), ...figures.map(({ label }) => label)],
    ...shown.map((row) => [
      ...row.values.map(cell),
      ...(row.problem === undefined
        ? figures.map(({ path, format }) => format(row.figures.get(path)))
        : [row.problem.length > 40 ? `${row.problem.slice(0, 39)}…` : row.problem]),
    ]),
  ])
  const rest = rows.length - shown.length
  return `${table}\n${rest === 0 ? '' : `… and ${count(rest)} more: --output FILE.csv holds all\n`}`
}

/** How many points there were, and which have no figures, for a person. */
export function reportProblems(rows: readonly SweepRow[], io: Io): void {
  const problems = rows.filter(({ problem }) => problem !== undefined)
  if (problems.length > 0)
    io.stderr(
      `${count(problems.length)} of ${count(rows.length)} points have no figures, as: ${problems[0]?.problem}\n`,
    )
}

/** What `--format json` prints. */
export function sweepDocument({ axes, rows }: SweepColumns): unknown {
  return {
    fields: axes.map(({ field }) => field),
    points: rows.map(({ values, figures, problem }) => ({
      values: Object.fromEntries(axes.map(({ field }, index) => [field, values[index] ?? null])),
      ...(problem === undefined ? { figures: Object.fromEntries(figures) } : { problem }),
    })),
    versions: packageVersions(),
  }
}

function cell(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

async function sweepCsv({ axes, rows, figures }: SweepColumns): Promise<string> {
  const { default: Papa } = await import('papaparse')
  const text = Papa.unparse(
    {
      fields: ['point', ...axes.map(({ field }) => field), 'problem', ...figures],
      data: rows.map((row) => [
        row.index,
        ...row.values.map(cell),
        row.problem ?? '',
        ...figures.map((path) => row.figures.get(path) ?? ''),
      ]),
    },
    { newline: '\n' },
  )
  return `${text}\n`
}

async function sweepParquet({ axes, rows, figures }: SweepColumns): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer')
  const numeric = (index: number): boolean =>
    rows.every(({ values }) => typeof values[index] === 'number')
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'point', data: rows.map(({ index }) => index), type: 'INT32' },
      ...axes.map(({ field }, index) =>
        numeric(index)
          ? { name: field, data: rows.map(({ values }) => values[index]), type: 'DOUBLE' as const }
          : {
              name: field,
              data: rows.map(({ values }) => cell(values[index])),
              type: 'STRING' as const,
            },
      ),
      {
        name: 'problem',
        data: rows.map(({ problem }) => problem ?? null),
        type: 'STRING',
        nullable: true,
      },
      ...figures.map((path) => ({
        name: path,
        data: rows.map((row) => row.figures.get(path) ?? null),
        type: 'DOUBLE' as const,
        nullable: true,
      })),
    ],
  })
  return new Uint8Array(buffer)
}
