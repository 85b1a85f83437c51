import type { ServiceObjectives, SimulationSpec } from '@llmsim/contracts'
import type { RequestTable } from './request-table.js'

/** Tells the table when first tokens are due, by class; a class has the objectives of the run unless it has its own. */
export function setObjectives(table: RequestTable, { objectives, classes }: SimulationSpec): void {
  const common = firstTokenLimit(objectives ?? {})
  table.firstTokenObjective = common
  table.firstTokenObjectives = (classes ?? []).map((each) =>
    each.objectives === undefined ? common : firstTokenLimit(each.objectives),
  )
}

/** When a first token is due: by the limit of each, or else by the least that a quantile has. */
function firstTokenLimit({ ttftSeconds, percentiles = [] }: ServiceObjectives): number {
  if (ttftSeconds !== undefined) return ttftSeconds
  const limits = percentiles.filter(({ metric }) => metric === 'ttft')
  return Math.min(Infinity, ...limits.map(({ limitSeconds }) => limitSeconds))
}
