import { GIB, type Accelerator, type SimulationResult } from '@llmsim/contracts'
import type { Deployment } from '../deployment.js'
import { count, dollars, duration, figure, percent } from './figures.js'
import { textTable } from './text-table.js'

/** A deployment of a comparison: its figures, or why it has none. */
export interface Contender {
  readonly label: string
  readonly deployment?: Deployment
  readonly result?: SimulationResult
  readonly problem?: string
}

/** Columns that a terminal of 80 has room for beside the labels. */
const columnsAtOnce = 4
const longestLabel = 14

type Cell = (contender: Contender) => string
type Row = readonly [string, Cell]

const rows: readonly Row[] = [
  ['devices', ({ deployment }) => (deployment === undefined ? '-' : devicesOf(deployment.pools))],
  ['output tokens/s', ({ result }) => figure(result?.throughput.tokens_per_sec)],
  ['requests/s', ({ result }) => figure(result?.throughput.requests_per_sec)],
  [
    'completed',
    ({ result }) =>
      result === undefined ? '-' : percent(share(result.completed_requests, result.total_requests)),
  ],
  ['TTFT p50', ({ result }) => duration(result?.first_token_latency.p50)],
  ['TTFT p99', ({ result }) => duration(result?.first_token_latency.p99)],
  ['TPOT p50', ({ result }) => duration(result?.time_per_output_token.p50)],
  ['E2E p50', ({ result }) => duration(result?.end_to_end_latency.p50)],
  ['E2E p99', ({ result }) => duration(result?.end_to_end_latency.p99)],
  ['utilisation', ({ result }) => percent(result?.xpu_utilization)],
  ['goodput', ({ result }) => figure(result?.goodput?.requests_per_sec)],
  ['peak memory (GiB)', ({ result }) => figure(result?.memory.peak_memory_gb)],
  ['device memory (GiB)', ({ deployment }) => memoryOf(deployment?.pools ?? [])],
  ['price per hour', (contender) => dollars(hardwarePrice(contender, 'rental_usd_per_hour'))],
  ['price to buy', (contender) => dollars(hardwarePrice(contender, 'purchase_usd'))],
  ['per 1M tokens', ({ result }) => dollars(result?.cost?.usd_per_million_tokens)],
  ['J per token', ({ result }) => figure(result?.energy.joules_per_output_token)],
]

/** Rows in which schedulers of one deployment cannot differ. */
const deploymentRows = new Set(['devices', 'device memory (GiB)', 'price per hour', 'price to buy'])

const schedulerRows: readonly Row[] = rows
  .filter(([name]) => !deploymentRows.has(name))
  .flatMap((row): readonly Row[] =>
    row[0] === 'TPOT p50'
      ? [
          row,
          ['ITL p50', ({ result }) => duration(result?.inter_token_latency.p50)],
          ['ITL p99', ({ result }) => duration(result?.inter_token_latency.p99)],
        ]
      : row[0] === 'peak memory (GiB)'
        ? [
            row,
            [
              'preemptions',
              ({ result }) => (result === undefined ? '-' : count(result.preemptions)),
            ],
          ]
        : [row],
  )

/** Deployments side by side: a column each, four at once. */
export function comparisonTable(contenders: readonly Contender[]): string {
  return table(contenders, rows, columnsAtOnce)
}

/** Schedulers of one deployment side by side: a column each, in one table however many they are. */
export function schedulerTable(contenders: readonly Contender[]): string {
  return table(contenders, schedulerRows, contenders.length)
}

function table(contenders: readonly Contender[], all: readonly Row[], columns: number): string {
  const shown = all.filter(
    ([name]) =>
      name !== 'goodput' || contenders.some(({ result }) => (result?.goodput ?? null) !== null),
  )
  const blocks: string[] = []
  for (let start = 0; start < contenders.length; start += columns) {
    const some = contenders.slice(start, start + columns)
    blocks.push(
      textTable([
        ['', ...some.map(({ label }) => shortened(label))],
        ...shown.map(([name, cell], row) => [
          name,
          ...some.map((contender) =>
            row === 0 ? (contender.problem ?? cell(contender)) : cell(contender),
          ),
        ]),
      ]),
    )
  }
  return `${blocks.join('\n\n')}\n`
}

interface PricedPool {
  readonly devices: number
  readonly accelerator: Accelerator
}

/** The price of all devices together; null where one of them has none. */
export function hardwarePrice(
  { deployment }: Contender,
  kind: 'rental_usd_per_hour' | 'purchase_usd',
): number | null {
  if (deployment === undefined) return null
  let sum = 0
  for (const { devices, accelerator } of deployment.pools) {
    const price = accelerator.price[kind]
    if (price === undefined) return null
    sum += devices * price
  }
  return sum
}

function devicesOf(pools: readonly PricedPool[]): string {
  return pools.map(({ devices }) => count(devices)).join(' + ')
}

function memoryOf(pools: readonly PricedPool[]): string {
  if (pools.length === 0) return '-'
  return [...new Set(pools.map(({ accelerator }) => figure(accelerator.memory_bytes / GIB)))].join(
    ' / ',
  )
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}

function shortened(label: string): string {
  return label.length <= longestLabel ? label : `…${label.slice(1 - longestLabel)}`
}
