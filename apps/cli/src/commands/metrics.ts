import { recordMetrics, type RecordMetrics } from '@llmsim/metrics'
import path from 'node:path'
import { scenarioFlags } from '../flags.js'
import type { Io } from '../io.js'
import { measuredRecords } from '../measured-records.js'
import { objectivesOf } from '../objectives.js'
import { count, duration, figure, percent } from '../output/figures.js'
import { jsonText } from '../output/results-document.js'
import { textTable } from '../output/text-table.js'
import { assign, assignmentsFromFlags, type PlainObject } from '../scenario/assignments.js'
import { outputFormat } from './run.js'

export interface MetricsOptions extends Readonly<PlainObject> {
  readonly format?: string
  readonly sloTtft?: string
  readonly sloTpot?: string
  readonly sloE2e?: string
}

/** Prints the statistics of requests that were measured on a real server, or simulated before. */
export async function metrics(file: string, options: MetricsOptions, io: Io): Promise<void> {
  const format = outputFormat(options.format)
  const objectives = objectivesOfFlags(options)
  const { records, notCompleted } = await measuredRecords(path.resolve(io.cwd, file), file)
  const measured = recordMetrics(records, objectives === undefined ? {} : { objectives })
  if (notCompleted > 0)
    io.stderr(`warning: ${count(notCompleted)} requests were not completed and are left out\n`)
  io.stdout(format === 'json' ? jsonText(measured) : table(measured))
}

function objectivesOfFlags(options: MetricsOptions): ReturnType<typeof objectivesOf> | undefined {
  const slo = new Set(
    scenarioFlags.filter(({ kind }) => kind === 'objective').map(({ flag }) => flag),
  )
  const given = assignmentsFromFlags(options).filter(({ source }) => slo.has(source))
  if (given.length === 0) return undefined
  const raw: PlainObject = {}
  for (const assignment of given) assign(raw, assignment)
  return objectivesOf(raw.slo ?? {})
}

const latencies = [
  ['first token (TTFT)', 'first_token_latency'],
  ['per output token (TPOT)', 'time_per_output_token'],
  ['end to end (E2E)', 'end_to_end_latency'],
  ['in the queue', 'queue_time'],
] as const
const quantiles = ['mean', 'p50', 'p90', 'p99', 'max'] as const

function table(measured: RecordMetrics): string {
  const { throughput, objectives = [], classes = [], tenants = [], fairness } = measured
  const facts = [
    ['Requests', count(measured.total_requests)],
    [
      'Throughput',
      `${figure(throughput.requests_per_sec)} requests/s, ${figure(throughput.tokens_per_sec)} output tokens/s`,
    ],
    ...(objectives.length === 0
      ? []
      : [['Goodput', `${figure(measured.goodput_requests_per_sec)} requests/s`]]),
    ...objectives.map(({ metric, quantile, limit_s, value_s, attainment }) => [
      `${metric.toUpperCase()}${quantile === null ? '' : ` p${Number((quantile * 100).toPrecision(6))}`}`,
      quantile === null
        ? `${percent(attainment)} within ${duration(limit_s)}`
        : `${duration(value_s)} of ${duration(limit_s)}`,
    ]),
    ...(fairness === undefined
      ? []
      : [['Fairness', `${figure(fairness.service_jain_index)} (Jain's index of tokens served)`]]),
  ]
  const rows = [
    ['', ...quantiles],
    ...latencies.map(([label, field]) => [
      label,
      ...quantiles.map((quantile) => duration(measured[field][quantile])),
    ]),
  ]
  const parts = [...classes, ...tenants].map((group) => [
    group.name,
    count(group.completed_requests),
    duration(group.first_token_latency.p50),
    duration(group.end_to_end_latency.p50),
  ])
  return [
    `${textTable(facts, { align: 'left' })}\n`,
    `\n${textTable(rows)}\n`,
    ...(parts.length === 0
      ? []
      : [`\n${textTable([['', 'completed', 'TTFT p50', 'E2E p50'], ...parts])}\n`]),
  ].join('')
}
