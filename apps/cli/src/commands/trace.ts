import { isSimulatorError } from '@llmsim/contracts'
import {
  traceFigures,
  type LengthFigures,
  type TraceFigures,
  type TraceOptions,
} from '@llmsim/workloads'
import { openTrace, type OpenTrace } from '@llmsim/workloads/node'
import path from 'node:path'
import type { Io } from '../io.js'
import { count, duration, figure, percent } from '../output/figures.js'
import { ratePlot } from '../output/rate-plot.js'
import { jsonText } from '../output/results-document.js'
import { textTable } from '../output/text-table.js'
import { writeTrace } from '../output/trace-writer.js'
import { fileTarget } from '../output/write-file.js'
import { parseNumber } from '../scenario/assignments.js'
import { withPath } from '../scenario/field-origins.js'
import { windowSeconds } from '../scenario/window-flag.js'
import { oneOf, wholeNumber } from './option-values.js'

export interface TraceCommandOptions {
  readonly window?: string
  readonly spreadTicks?: string
  readonly rateScale?: string
  readonly speed?: string
  readonly maxInputLength?: string
  readonly maxOutputLength?: string
  readonly maxTotalLength?: string
  readonly overLong?: string
  readonly seed?: string
  readonly limit?: string
  readonly format?: string
}

/** Requests that are drawn at most where a trace has rates alone. */
const drawnLimit = 5_000_000

/** Prints what a trace holds. */
export async function inspect(file: string, options: TraceCommandOptions, io: Io): Promise<void> {
  const format = oneOf('--format', options.format ?? 'table', ['table', 'json'] as const)
  const given = wholeNumber('--limit', options.limit, 1e12)
  const trace = await opened(file, options, io)
  const limit = given ?? (trace.drawn ? drawnLimit : Infinity)
  const figures = traceFigures(trace.rowStream(), limit)
  if (format === 'json') io.stdout(jsonText(document(trace, figures)))
  else io.stdout(table(trace, figures))
}

/** Writes a trace as CSV or JSON lines, with the options applied. */
export async function convert(
  file: string,
  output: string,
  options: TraceCommandOptions,
  io: Io,
): Promise<void> {
  const target = fileTarget(output, io.cwd, 'OUT')
  const limit = wholeNumber('--limit', options.limit, 1e12) ?? Infinity
  const trace = await opened(file, options, io)
  const written = writeTrace(target, () => trace.rowStream(), limit)
  io.stderr(`${output}: ${count(written)} requests\n${notes(trace).map(line).join('')}`)
}

async function opened(file: string, options: TraceCommandOptions, io: Io): Promise<OpenTrace> {
  const absolute = path.resolve(io.cwd, file)
  const changes = traceOptions(options)
  try {
    return await openTrace(absolute, changes)
  } catch (error) {
    if (!isSimulatorError(error)) throw error
    throw withPath(error, flagOf[error.path] ?? error.path.replace(absolute, file))
  }
}

const flagOf: Readonly<Record<string, string>> = {
  windowSeconds: '--window',
  spreadTickSeconds: '--spread-ticks',
  rateScale: '--rate-scale',
  speed: '--speed',
  maxPromptTokens: '--max-input-length',
  maxOutputTokens: '--max-output-length',
  maxTotalTokens: '--max-total-length',
  seed: '--seed',
}

function traceOptions(options: TraceCommandOptions): TraceOptions {
  const { overLong } = options
  return {
    windowSeconds:
      options.window === undefined ? undefined : windowSeconds('--window', options.window),
    spreadTickSeconds: number('--spread-ticks', options.spreadTicks),
    rateScale: number('--rate-scale', options.rateScale),
    speed: number('--speed', options.speed),
    maxPromptTokens: wholeNumber('--max-input-length', options.maxInputLength, 1e7),
    maxOutputTokens: wholeNumber('--max-output-length', options.maxOutputLength, 1e7),
    maxTotalTokens: wholeNumber('--max-total-length', options.maxTotalLength, 2e7),
    overLong:
      overLong === undefined ? undefined : oneOf('--over-long', overLong, ['cut', 'drop'] as const),
    seed: number('--seed', options.seed),
  }
}

function number(flag: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseNumber(flag, text, false)
}

function notes({ failed, counts, notes: taken }: OpenTrace): string[] {
  const { outside, cut, dropped } = counts
  return [
    ...(failed > 0 ? [`${count(failed)} left out: no prompt or no output`] : []),
    ...(outside > 0 ? [`${count(outside)} outside the window`] : []),
    ...(cut > 0 ? [`${count(cut)} cut, since they were too long`] : []),
    ...(dropped > 0 ? [`${count(dropped)} left out, since they were too long`] : []),
    ...taken,
  ]
}

function line(text: string): string {
  return `  ${text}\n`
}

function document(trace: OpenTrace, figures: TraceFigures): Record<string, unknown> {
  const { format, drawn, streaming, failed, counts, longestRequest } = trace
  return {
    format,
    drawn,
    streaming,
    requests: figures.rows,
    failed,
    ...counts,
    span_seconds: figures.spanSeconds,
    rate_per_second: finite(figures.ratePerSecond),
    gap_cv: finite(figures.gapCv),
    prompt_tokens: figures.prompt,
    output_tokens: figures.output,
    longest_request_tokens: longestRequest,
    sessions: figures.sessions,
    tenants: figures.tenants,
    prefix_reuse: figures.prefixReuse ?? null,
    rates: { bin_seconds: figures.binSeconds, per_second: figures.rates },
    notes: notes(trace),
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

function table(trace: OpenTrace, figures: TraceFigures): string {
  const { rows, spanSeconds, ratePerSecond, gapCv, sessions, tenants, prefixReuse } = figures
  const all = trace.drawn && rows < trace.rows ? ` of about ${count(trace.rows)}` : ''
  const facts = [
    ['format', trace.format],
    ['requests', `${count(rows)}${all}`],
    ['span', duration(spanSeconds)],
    ['rate', Number.isFinite(ratePerSecond) ? `${figure(ratePerSecond)} requests/s` : '-'],
    ['burstiness', `${figure(gapCv)} (cv of gaps; Poisson: 1)`],
    ...(sessions > 0 ? [['sessions', count(sessions)]] : []),
    ...(tenants > 0 ? [['tenants', count(tenants)]] : []),
    ...(prefixReuse === undefined ? [] : [['prefix reuse', `${percent(prefixReuse)} of blocks`]]),
  ]
  const lengths = [
    ['TOKENS', 'MEAN', 'P50', 'P90', 'P99', 'MAX'],
    ['prompt', ...lengthCells(figures.prompt)],
    ['output', ...lengthCells(figures.output)],
  ]
  const plot = ratePlot(figures)
  const said = notes(trace)
  return [
    `${textTable(facts, { align: 'left' })}\n`,
    `\n${textTable(lengths)}\n`,
    ...(plot === '' ? [] : [`\n${plot}`]),
    ...(said.length === 0 ? [] : [`\n${said.join('\n')}\n`]),
  ].join('')
}

function lengthCells({ mean, p50, p90, p99, max }: LengthFigures): string[] {
  return [mean, p50, p90, p99, max].map((tokens) => figure(tokens))
}
