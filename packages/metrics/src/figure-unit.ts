import {
  countText,
  dollarsText,
  durationText,
  figureText,
  percentText,
  prefixedText,
} from './figure-text.js'

/** What a figure of the results file is measured in. */
export type FigureUnit = 'seconds' | 'share' | 'bytes' | 'dollars' | 'count' | 'number'

/** The statistics of a latency, all in seconds. */
const statistic = /^(mean|std|min|max|p\d+(_\d+)?)$/
const seconds = /(^simulation_time|_s|_seconds)$/
const share = /(utilization|attainment|_share|hit_rate|mfu|mbu|jain_index|availability|bubble)$/
/** Sections all of whose figures are shares, or seconds. */
const shares = /(^|\.)(utilization|split|hit_rate_by_request)\.[^.]+$/
const operators = /\.breakdown\.operators\.[^.]+$/
const count = /(requests|blocks|preemptions|replicas|devices|steps|transfers)$/

/** The unit of a figure by its dotted path: the names of the results file tell. */
export function figureUnit(path: string): FigureUnit {
  const name = path.slice(path.lastIndexOf('.') + 1)
  if (statistic.test(name) && path !== name && /(latency|time)[a-z_]*\.[^.]+$/.test(path))
    return 'seconds'
  if (seconds.test(name) || operators.test(path)) return 'seconds'
  if (share.test(name) || shares.test(path)) return 'share'
  if (name === 'bytes' || name.endsWith('_bytes')) return 'bytes'
  if (name.startsWith('usd_')) return 'dollars'
  if (count.test(name)) return 'count'
  return 'number'
}

const texts: Readonly<Record<FigureUnit, (value: number) => string>> = {
  seconds: durationText,
  share: percentText,
  bytes: (value) => prefixedText(value, 'B'),
  dollars: dollarsText,
  count: (value) => (Number.isInteger(value) ? countText(value) : figureText(value)),
  number: figureText,
}

/** A figure with its unit, as its path says; `-` where there is none. */
export function figureWithUnit(path: string, value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '-'
  const unit = figureUnit(path)
  if (value < 0 && unit === 'seconds') return `-${durationText(-value)}`
  return texts[unit](value)
}
