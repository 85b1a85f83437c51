import { nearNames, SimulatorError, type SimulationResult } from '@llmsim/contracts'
import { duration, dollars, figure, percent } from '../output/figures.js'

/** One number of a result: what it is called, where it is, and which way is better. */
export interface StudyFigure {
  /** A short name, or the dotted path in the results file. */
  readonly name: string
  /** Dotted path in the results file. */
  readonly path: string
  /** Heading of a column. */
  readonly label: string
  readonly better: 'more' | 'less'
  /** As text for a person. */
  readonly format: (value: number | null | undefined) => string
}

const latencies = {
  ttft: ['first_token_latency', 'TTFT'],
  tpot: ['time_per_output_token', 'TPOT'],
  itl: ['inter_token_latency', 'ITL'],
  e2e: ['end_to_end_latency', 'E2E'],
  queue: ['queue_time', 'queue'],
} as const

const quantiles = ['mean', 'p50', 'p90', 'p95', 'p99', 'max'] as const

/** The figures that have short names. */
export const studyFigures: readonly StudyFigure[] = [
  known('throughput', 'throughput.tokens_per_sec', 'tokens/s', 'more', figure),
  known('requests', 'throughput.requests_per_sec', 'requests/s', 'more', figure),
  ...Object.entries(latencies).flatMap(([name, [path, label]]) =>
    quantiles.map((quantile) =>
      known(`${name}-${quantile}`, `${path}.${quantile}`, `${label} ${quantile}`, 'less', duration),
    ),
  ),
  known('goodput', 'goodput.requests_per_sec', 'goodput', 'more', figure),
  known('attainment', 'goodput.attainment', 'attained', 'more', percent),
  known('utilization', 'xpu_utilization', 'busy', 'more', percent),
  known('cost', 'cost.usd_per_million_tokens', '$/1M', 'less', dollars),
  known('price', 'cost.usd_per_hour', '$/h', 'less', dollars),
  known('energy', 'energy.joules_per_output_token', 'J/token', 'less', figure),
  known('power', 'energy.average_watts', 'W', 'less', figure),
  known('memory', 'memory.peak_memory_gb', 'memory', 'less', figure),
  known('preemptions', 'preemptions', 'preemptions', 'less', figure),
]

/** The figures of a table where none are asked for. */
export const usualFigures: readonly string[] = [
  'throughput',
  'ttft-p99',
  'tpot-p50',
  'e2e-p99',
  'cost',
]

function known(
  name: string,
  path: string,
  label: string,
  better: StudyFigure['better'],
  format: StudyFigure['format'],
): StudyFigure {
  return { name, path, label, better, format }
}

/** The figure of a short name or a dotted path. Throws `SimulatorError` `UNKNOWN_NAME` at `flag`. */
export function studyFigure(given: string, flag: string): StudyFigure {
  const found = studyFigures.find(({ name, path }) => name === given || path === given)
  if (found !== undefined) return found
  if (/^[a-z_]+(\.[a-z0-9_]+)+$/.test(given) || plainFigures.has(given))
    return known(given, given, given, 'less', figure)
  const names = studyFigures.map(({ name }) => name)
  throw new SimulatorError({
    code: 'UNKNOWN_NAME',
    path: flag,
    message: 'is no figure of a result',
    given,
    accepted: `a path in the results file, such as goodput.attainment, or one of ${names.join(', ')}`,
    nearest: nearNames(given, names),
  })
}

const plainFigures: ReadonlySet<string> = new Set([
  ...['total_requests', 'completed_requests', 'rejected_requests', 'unfinished_requests'],
  'simulation_time',
])

/** The figures of a list with commas. */
export function figuresOf(list: string | undefined, flag: string): StudyFigure[] {
  const names = list?.split(',').map((name) => name.trim()) ?? usualFigures
  return names.map((name) => studyFigure(name, flag))
}

/** A number of a result by its path; null where the result has none. */
export function valueAt(result: SimulationResult, path: string): number | null {
  let at: unknown = result
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null) return null
    at = (at as Readonly<Record<string, unknown>>)[key]
  }
  return typeof at === 'number' ? at : null
}

/** Every number of a result that is not in a list, by its path. */
export function flatFigures(result: SimulationResult): Map<string, number | null> {
  const flat = new Map<string, number | null>()
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'number') flat.set(path, value)
    else if (value === null) flat.set(path, null)
    else if (typeof value === 'object' && !Array.isArray(value))
      for (const [key, inner] of Object.entries(value))
        visit(inner, path === '' ? key : `${path}.${key}`)
  }
  visit(result, '')
  return flat
}
