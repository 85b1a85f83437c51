import { SimulatorError } from '@llmsim/contracts'
import type { ScenarioFlag } from '../flags.js'
import type { Assignment } from './assignment.js'
import { objectiveText } from './objective-text.js'

const percentile = /^p(\d{1,2}(?:\.\d+)?)$/i

/**
 * What a flag such as `--slo-ttft` says: `500ms` is a limit of each request, `p99=1s` one of a quantile.
 * Throws `SimulatorError` at the flag.
 */
export function objectiveAssignment({ flag, field }: ScenarioFlag, text: string): Assignment {
  const { quantile, milliseconds: limit } = objectiveText(text)
  const percent = percentile.exec(quantile ?? '')?.[1]
  if (!(limit > 0 && limit < Infinity) || (quantile !== undefined && percent === undefined))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: flag,
      message: 'is no objective',
      given: text,
      accepted: 'a time, as 500ms or 1s, or that of a quantile, as p99=1s or p99.9=2s',
    })
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
