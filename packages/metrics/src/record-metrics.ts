import type {
  FairnessFigures,
  GroupFigures,
  Latency,
  ObjectiveFigures,
  ServiceObjectives,
} from '@llmsim/contracts'
import { SimulatorError } from '@llmsim/contracts'
import { ExactDistribution } from './exact-distribution.js'
import { TenantService } from './fairness.js'
import { summarizeLatency } from './latency-summary.js'
import { objectiveFigures } from './objective-limits.js'
import { RequestGroup } from './request-group.js'
import type { RequestLatencies } from './request-metrics.js'
import { RequestMetrics } from './request-metrics.js'

/** One completed request as a load generator logs it; seconds on one clock. */
export interface RequestRecord {
  readonly arrivalSeconds: number
  /** Start of the work on it; the arrival when the server does not tell. */
  readonly startSeconds?: number
  readonly firstTokenSeconds: number
  readonly finishSeconds: number
  readonly promptTokens: number
  readonly outputTokens: number
  /** Its kind, and who sent it: figures are then given of each. */
  readonly className?: string
  readonly tenantName?: string
  /** When each token came, if logged: gives ITL. */
  readonly tokenSeconds?: readonly number[]
}

export interface RecordMetricsOptions {
  /** Start of the measured window, in seconds; the first arrival when absent. */
  readonly startSeconds?: number
  /** End of it; the last finish when absent. */
  readonly endSeconds?: number
  readonly objectives?: ServiceObjectives
}

/** What is known of a set of records, in the words of the results file. */
export interface RecordMetrics extends RequestLatencies {
  readonly total_requests: number
  readonly inter_token_latency: Latency
  readonly throughput: {
    readonly requests_per_sec: number
    readonly tokens_per_sec: number
  }
  readonly goodput_requests_per_sec: number
  /** How each objective was met; absent without any. */
  readonly objectives?: ObjectiveFigures[]
  /** Of each class and each tenant, where records name any. */
  readonly classes?: GroupFigures[]
  readonly tenants?: GroupFigures[]
  readonly fairness?: FairnessFigures
}

/**
 * The same statistics as a simulation gives, from records measured on a real server.
 *
 * Errors: `INVALID_VALUE` where a record's times run backwards or there is no record.
 */
export function recordMetrics(
  records: readonly RequestRecord[],
  options: RecordMetricsOptions = {},
): RecordMetrics {
  if (records.length === 0)
    throw new SimulatorError({ code: 'INVALID_VALUE', path: 'records', message: 'there are none' })
  records.forEach(checkRecord)
  const start = options.startSeconds ?? Math.min(...bounds(records, (r) => r.arrivalSeconds))
  const end = options.endSeconds ?? Math.max(...bounds(records, (r) => r.finishSeconds))
  const { objectives } = options
  const measured = {
    newDistribution: () => new ExactDistribution(),
    startSeconds: start,
    endSeconds: end,
    objectives,
  }
  const metrics = new RequestMetrics(measured)
  const classes = new Map<string, RequestGroup>()
  const tenants = new Map<string, RequestGroup>()
  const service = new TenantService()
  const groupOf = (groups: Map<string, RequestGroup>, name: string): RequestGroup => {
    const known = groups.get(name) ?? new RequestGroup(name, measured)
    groups.set(name, known)
    return known
  }
  const gaps = new ExactDistribution()
  let tokens = 0
  for (const record of records) {
    const { arrivalSeconds, finishSeconds, outputTokens, className, tenantName } = record
    const completed = { ...record, startSeconds: record.startSeconds ?? arrivalSeconds }
    const groups = [
      ...(className === undefined ? [] : [groupOf(classes, className)]),
      ...(tenantName === undefined ? [] : [groupOf(tenants, tenantName)]),
    ]
    for (const each of [metrics, ...groups.map(({ requests }) => requests)]) {
      each.arrive(record)
      each.complete(completed)
    }
    const times = record.tokenSeconds ?? []
    times.forEach((time, i) => {
      const previous = times[i - 1]
      if (previous === undefined) return
      for (const into of [gaps, ...groups.map((group) => group.gaps)]) into.add(time - previous)
    })
    const inWindow = (time: number): boolean => time >= start && time <= end
    const made =
      times.length > 0 ? times.filter(inWindow).length : inWindow(finishSeconds) ? outputTokens : 0
    tokens += made
    for (const group of groups) group.outputTokens += made
    if (tenantName !== undefined && inWindow(arrivalSeconds))
      service.served(
        [...tenants.keys()].indexOf(tenantName),
        record.promptTokens,
        outputTokens,
        finishSeconds - arrivalSeconds,
      )
  }
  const seconds = end - start
  const perSecond = (amount: number): number => (seconds > 0 ? amount / seconds : 0)
  return {
    total_requests: records.length,
    ...metrics.latencies(),
    inter_token_latency: summarizeLatency(gaps),
    throughput: {
      requests_per_sec: perSecond(metrics.completedInWindow),
      tokens_per_sec: perSecond(tokens),
    },
    goodput_requests_per_sec: perSecond(metrics.goodInWindow),
    ...(objectives === undefined ? {} : { objectives: objectiveFigures(objectives, metrics) }),
    ...(classes.size === 0 ? {} : { classes: figuresOf(classes, seconds) }),
    ...(tenants.size === 0
      ? {}
      : { tenants: figuresOf(tenants, seconds), fairness: service.figures() }),
  }
}

function figuresOf(groups: ReadonlyMap<string, RequestGroup>, seconds: number): GroupFigures[] {
  return [...groups.values()].map((group) => group.figures(seconds))
}

/** Smallest and largest of a figure, without spreading the records over a call's arguments. */
function bounds(records: readonly RequestRecord[], of: (r: RequestRecord) => number): number[] {
  let low = Infinity
  let high = -Infinity
  for (const record of records) {
    low = Math.min(low, of(record))
    high = Math.max(high, of(record))
  }
  return [low, high]
}

function checkRecord(record: RequestRecord, index: number): void {
  const { arrivalSeconds, firstTokenSeconds, finishSeconds, outputTokens } = record
  const { startSeconds = arrivalSeconds, tokenSeconds = [] } = record
  const ordered =
    Number.isFinite(arrivalSeconds) &&
    arrivalSeconds <= startSeconds &&
    startSeconds <= firstTokenSeconds &&
    firstTokenSeconds <= finishSeconds &&
    Number.isFinite(finishSeconds) &&
    tokenSeconds.every((time, i) => time >= (tokenSeconds[i - 1] ?? -Infinity))
  if (!ordered || !(outputTokens >= 1))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: `records[${index}]`,
      message: 'times that run backwards, or no output token',
      given: record,
      accepted: 'arrival <= start <= first token <= finish in seconds, at least 1 output token',
    })
}
