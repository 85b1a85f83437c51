import type { StudyFigure } from './study-figure.js'
import type { SweepColumns } from './sweep-rows.js'

export function sweepPage(
  _columns: SweepColumns,
  _figures: readonly StudyFigure[],
): Promise<string> {
  throw new Error('not yet')
}
