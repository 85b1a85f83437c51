import type { DrawingOption, DrawingSize } from './drawing.js'

/** The numbers behind a chart, for those who do not see it and those who want to copy them. */
export interface DataTable {
  readonly columns: readonly string[]
  /** Texts as they are printed. The first of each row heads it. */
  readonly rows: readonly (readonly string[])[]
  /** What is left out, in a sentence. */
  readonly note?: string
}

/** A chart that can be drawn in any size. */
export interface Chart {
  /** Lower case with hyphens: what `--svg` names. */
  readonly name: string
  readonly title: string
  /** What is drawn, its unit, and what stands out. */
  readonly description: string
  readonly table: DataTable
  /** Height for a width, in pixels. */
  height(width: number): number
  option(size: DrawingSize): DrawingOption
}

/** Why there is no chart of that name. */
export interface MissingChart {
  readonly name: string
  readonly title: string
  readonly missing: string
}

export type MaybeChart = Chart | MissingChart

export function isChart(chart: MaybeChart): chart is Chart {
  return 'option' in chart
}
