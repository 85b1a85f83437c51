import type { AdapterUse, Latency, ObjectiveFigures, TimeSeries } from '@llmsim/contracts'
import type { Deployment } from '../deployment.js'
import type { Colors } from './colors.js'
import { count, dollars, duration, figure, percent } from './figures.js'
import type { ResultsDocument } from './results-document.js'
import { breakdownRows } from './breakdown-table.js'
import { fleetRows } from './fleet-rows.js'
import { overTimeTable } from './over-time-table.js'
import { replicationTable } from './replication-table.js'
import { textTable } from './text-table.js'

const latencies = [
  ['first token (TTFT)', 'first_token_latency'],
  ['per output token (TPOT)', 'time_per_output_token'],
  ['between tokens (ITL)', 'inter_token_latency'],
  ['end to end (E2E)', 'end_to_end_latency'],
  ['in the queue', 'queue_time'],
] as const

const quantiles = ['mean', 'p50', 'p90', 'p95', 'p99'] as const

/** What serves the model, in a line: `llama2-70b on 8 x mi300x (tp 8, 1 replica)`. */
export function deploymentLine({ model, pools }: Deployment): string {
  const parts = pools.map(({ role, accelerator, layout, replicas, devices }) => {
    const { tensorParallel: tp, pipelineParallel: pp } = layout
    const { attentionDataParallel: ranks = 1, expertParallel: ep = 1 } = layout
    const { contextParallel: cp = 1 } = layout
    const sizes = [
      `tp ${tp}`,
      ...(pp === 1 ? [] : [`pp ${pp}`]),
      ...(cp === 1 ? [] : [`cp ${cp}`]),
      ...(ranks === 1 ? [] : [`attention-dp ${ranks}`]),
      ...(ep === 1 ? [] : [`ep ${ep}`]),
    ]
    const copies = `${count(replicas)} replica${replicas === 1 ? '' : 's'}`
    const pool = role === 'mixed' ? '' : `${role}: `
    return `${pool}${count(devices)} x ${accelerator.name} (${sizes.join(', ')}, ${copies})`
  })
  return `${model.name} on ${parts.join('; ')}`
}

/** The figures of a run for a terminal of 80 columns. */
export function resultsTable(
  results: ResultsDocument,
  deployment: Deployment,
  colors: Colors,
  series?: TimeSeries,
): string {
  const section = (title: string, body: string): string => `${colors.bold(title)}\n${body}\n`
  return [
    `${colors.bold(deploymentLine(deployment))}\n`,
    `${textTable(headline(results), { align: 'left' })}\n`,
    section('Latency', latencyTable(results)),
    section('Devices', textTable(deviceRows(results))),
    ...(results.classes === undefined ? [] : [section('Classes', groupTable(results.classes))]),
    ...(series === undefined ? [] : [section('Over time', overTimeTable(series))]),
    ...(results.replications === undefined
      ? []
      : [
          section(
            `Over ${count(results.replications.seeds.length)} seeds (the figures above are of the first)`,
            replicationTable(results.replications),
          ),
        ]),
    ...(results.pools.length > 1 ? [section('Pools', poolTable(results))] : []),
    ...results.pools.flatMap((pool) => {
      const rows = breakdownRows(pool)
      const title = `Time${results.pools.length > 1 ? ` of the ${pool.name} pool` : ''}`
      return rows.length === 0 ? [] : [section(title, textTable(rows))]
    }),
  ].join('\n')
}

/** The headline figures alone. */
export function resultsSummary(results: ResultsDocument, deployment: Deployment): string {
  const ttft = results.first_token_latency
  const e2e = results.end_to_end_latency
  const rows = [
    ...headline(results),
    ['TTFT', `${duration(ttft.p50)} median, ${duration(ttft.p99)} p99`],
    ['E2E', `${duration(e2e.p50)} median, ${duration(e2e.p99)} p99`],
  ]
  return `${deploymentLine(deployment)}\n${textTable(rows, { align: 'left' })}\n`
}

function headline(results: ResultsDocument): string[][] {
  const { throughput, goodput, cost, energy, kv_transfer: transfer } = results
  const lost = [
    ...(results.rejected_requests > 0 ? [`${count(results.rejected_requests)} rejected`] : []),
    ...((results.failed_requests ?? 0) > 0
      ? [`${count(results.failed_requests ?? 0)} failed`]
      : []),
    ...((results.faults?.retried_requests ?? 0) > 0
      ? [`${count(results.faults?.retried_requests ?? 0)} retried`]
      : []),
    ...(results.unfinished_requests > 0
      ? [`${count(results.unfinished_requests)} unfinished`]
      : []),
  ]
  return [
    [
      'Requests',
      [
        `${count(results.completed_requests)} of ${count(results.total_requests)} completed`,
        ...lost,
      ].join(', '),
    ],
    ['Simulated', duration(results.simulation_time)],
    [
      'Throughput',
      `${figure(throughput.requests_per_sec)} requests/s, ${figure(throughput.tokens_per_sec)} output tokens/s`,
    ],
    ['Utilisation', utilisation(results)],
    ...(results.verdict === undefined ? [] : [['Verdict', results.verdict.state]]),
    ...(results.objectives ?? [])
      .filter(({ quantile }) => quantile !== null)
      .map((objective) => [objectiveName(objective), objectiveText(objective)]),
    ...fleetRows(results),
    ...(goodput === null
      ? []
      : [
          [
            'Goodput',
            `${figure(goodput.requests_per_sec)} requests/s, ${percent(goodput.attainment)} of requests`,
          ],
        ]),
    ...(cost === null
      ? []
      : [
          [
            'Cost',
            `${dollars(cost.usd_per_hour)}/h, ${dollars(cost.usd_per_million_tokens)} per million output tokens`,
          ],
        ]),
    [
      'Energy',
      `${figure(energy.joules_per_output_token)} J per output token, ${figure(energy.average_watts)} W on average`,
    ],
    ...(transfer === null
      ? []
      : [
          [
            'KV transfer',
            `${duration(transfer.time.mean)} on average, link ${percent(transfer.link_utilization)} busy`,
          ],
        ]),
    ...images(results),
    ...prompts(results),
  ]
}

/** Images of prompts, where these can have any. */
function images({ images: use, encode_pool: pool }: ResultsDocument): string[][] {
  if (use === undefined) return []
  const { images: all, encoded_images: encoded, tokens } = use
  const row = ['Images', `${count(all)} of ${count(tokens)} tokens, ${count(encoded)} encoded`]
  if (pool === undefined) return [row]
  const { devices, utilization, time } = pool
  const busy = `${count(devices)} devices, ${percent(utilization)} busy`
  return [row, ['Encode pool', `${busy}, ${duration(time.mean)} on average`]]
}

/** Where prompts were computed, if anybody chose. */
function prompts({ decider }: ResultsDocument): string[][] {
  if (decider === undefined) return []
  const { prefill_requests: away, decode_requests: there } = decider
  return [['Prompts', `${count(away)} by a prefill pool, ${count(there)} where they decode`]]
}

function utilisation({ xpu_utilization: busy, mfu, mbu }: ResultsDocument): string {
  if (mfu === undefined || mbu === undefined) return percent(busy)
  return `${percent(busy)} (${percent(mfu)} of the FLOP/s, ${percent(mbu)} of the memory bandwidth)`
}

/** As `TTFT p99`. */
function objectiveName({ metric, quantile }: ObjectiveFigures): string {
  const percentile = Number(((quantile ?? 0) * 100).toPrecision(6))
  return `${metric.toUpperCase()} p${percentile}`
}

function objectiveText({ value_s: value, limit_s: limit, met }: ObjectiveFigures): string {
  const verdict = met === true ? 'met' : 'missed'
  return `${duration(value)} of ${duration(limit)}: ${met === null ? 'not measured' : verdict}`
}

function groupTable(groups: NonNullable<ResultsDocument['classes']>): string {
  return textTable([
    ['', 'completed', 'TTFT p50', 'TTFT p99', 'E2E p50', 'E2E p99', 'good'],
    ...groups.map((group) => [
      group.name.length > 20 ? `${group.name.slice(0, 19)}…` : group.name,
      count(group.completed_requests),
      duration(group.first_token_latency.p50),
      duration(group.first_token_latency.p99),
      duration(group.end_to_end_latency.p50),
      duration(group.end_to_end_latency.p99),
      group.goodput === null ? '' : percent(group.goodput.attainment),
    ]),
  ])
}

function latencyTable(results: ResultsDocument): string {
  return textTable([
    ['', ...quantiles],
    ...latencies.map(([label, field]) => {
      const latency: Latency = results[field]
      return [label, ...quantiles.map((quantile) => duration(latency[quantile]))]
    }),
  ])
}

function deviceRows(results: ResultsDocument): string[][] {
  const { memory, kv_cache: cache, preemptions } = results
  const adapters = results.pools.flatMap(({ adapters: use }) => (use === undefined ? [] : [use]))
  const sum = (of: (use: AdapterUse) => number): number =>
    adapters.reduce((total, use) => total + of(use), 0)
  const decoding = results.pools.find(({ role }) => role !== 'prefill')?.speculation
  const used = cache.total_blocks === 0 ? null : cache.peak_used_blocks / cache.total_blocks
  return [
    ['', 'peak', 'p95', 'p50'],
    [
      'memory (GiB)',
      figure(memory.peak_memory_gb),
      figure(memory.p95_memory_gb),
      figure(memory.p50_memory_gb),
    ],
    ['KV blocks in use', percent(used), '', ''],
    ['preemptions', count(preemptions), '', ''],
    ...(decoding === undefined
      ? []
      : [['tokens of a sequence and step', figure(decoding.tokens_per_step), '', '']]),
    ...(adapters.length === 0
      ? []
      : [
          ['LoRA adapters found', count(sum(({ hits }) => hits)), '', ''],
          ['LoRA adapters loaded', count(sum(({ loads }) => loads)), '', ''],
        ]),
  ]
}

function poolTable({ pools }: ResultsDocument): string {
  return textTable([
    ['', 'replicas', 'devices', 'busy', 'memory (GiB)', 'preemptions'],
    ...pools.map((pool) => [
      pool.name,
      count(pool.replicas),
      count(pool.devices),
      percent(pool.utilization),
      figure(pool.memory.peak_memory_gb),
      count(pool.preemptions),
    ]),
  ])
}
