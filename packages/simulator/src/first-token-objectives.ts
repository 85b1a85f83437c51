import type { SimulationSpec } from '@llmsim/contracts'
import type { RequestTable } from './request-table.js'

/** Tells the table when first tokens are due, by class; a class has the objectives of the run unless it has its own. */
export function setObjectives(table: RequestTable, { objectives, classes }: SimulationSpec): void {
  const common = objectives?.ttftSeconds ?? Infinity
  table.firstTokenObjective = common
  table.firstTokenObjectives = (classes ?? []).map((each) =>
    each.objectives === undefined ? common : (each.objectives.ttftSeconds ?? Infinity),
  )
}
