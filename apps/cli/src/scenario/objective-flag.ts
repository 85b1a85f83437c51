import { SimulatorError } from '@llmsim/contracts'
import type { ScenarioFlag } from '../flags.js'
import type { Assignment } from './assignment.js'

/** Milliseconds of each unit; a number alone is milliseconds. */
const units: Readonly<Record<string, number>> = { '': 1, us: 1e-3, ms: 1, s: 1e3, min: 6e4 }
const objective = /^(?:p(\d{1,2}(?:\.\d+)?)\s*(?:=|<=?)\s*)?(\d+\.?\d*|\.\d+)\s*(us|ms|s|min)?$/i

/**
 * What a flag such as `--slo-ttft` says: `500ms` is a limit of each request, `p99=1s` one of a quantile.
 * Throws `SimulatorError` at the flag.
 */
export function objectiveAssignment({ flag, field }: ScenarioFlag, text: string): Assignment {
  const found = objective.exec(text.trim())
  const limit = Number(found?.[2]) * (units[(found?.[3] ?? '').toLowerCase()] ?? NaN)
  if (!(limit > 0 && limit < Infinity))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: flag,
      message: 'is no objective',
      given: text,
      accepted: 'a time, as 500ms or 1s, or that of a quantile, as p99=1s or p99.9=2s',
    })
  const percent = found?.[1]
  if (percent === undefined) return { field, value: limit, source: flag }
  return {
    field: `${field.replace(/_ms$/, '')}_percentiles_ms.${quantileName(percent)}`,
    value: limit,
    source: flag,
  }
}

/** `p99` of `99`, `p999` of `99.9`, `p05` of `5`. */
function quantileName(percent: string): string {
  const [whole = '', rest = ''] = percent.split('.')
  return `p${whole.padStart(2, '0')}${rest}`
}
