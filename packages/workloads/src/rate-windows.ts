import { randomStream, type RandomStream } from '@llmsim/engine'
import { CsvReader } from './csv-reader.js'
import { unitGamma, unitWeibull } from './gap-shape.js'
import { type Lengths, lengthsSampler, weightedPick } from './histogram-lengths.js'
import { tokenLimit } from './length-distribution.js'
import { LoadClock, type LoadSegment } from './load-clock.js'
import { type TextChunks, TextLines } from './text-lines.js'
import { isRecord } from './trace-record.js'
import { type RowStream, type TraceRow } from './trace-row.js'
import { fileError, readNumber, valueError } from './trace-values.js'

/** Requests per second over a stretch of time, and how the gaps between them scatter. */
export interface RateWindow {
  readonly startSeconds: number
  readonly seconds: number
  readonly ratePerSecond: number
  /** Poisson's when absent. */
  readonly gaps?: { readonly process: 'gamma' | 'weibull'; readonly shape: number } | undefined
}

/** Lengths that hold from a time on; no counts: as before. */
export interface LengthWindow {
  readonly startSeconds: number
  readonly input: ReadonlyMap<number, number>
  readonly output: ReadonlyMap<number, number>
}

/** A client of ServeGen: what it sends when, and how long that is. */
export interface TrafficClient {
  readonly windows: readonly RateWindow[]
  /** Counts of tokens; a formula's when the client has no data set. */
  readonly lengths: readonly LengthWindow[] | { readonly input: Lengths; readonly output: Lengths }
}

/** Lengths of requests whose trace has rates alone. */
export const assumedLengths: { readonly input: Lengths; readonly output: Lengths } = {
  input: { distribution: 'lognormal', mean: 512, std: 256, max: 8192 },
  output: { distribution: 'lognormal', mean: 128, std: 64, max: 2048 },
}

const curveHeader = ['window_start_s', 'requests_per_s']

/** Whether the first line of a text is one of the forms of {@link parseRateWindows}. */
export function isRateTable(firstLine: string): boolean {
  const cells = firstLine.replace('\ufeff', '').trim().split(',')
  if (cells.join(',') === curveHeader.join(',')) return true
  return (
    cells.length === 6 &&
    Number.isFinite(readNumber(cells[0]!)) &&
    ['', 'Gamma', 'Weibull'].includes(cells[3]!)
  )
}

/**
 * Reads the rates of a client of ServeGen (Xiang et al., "ServeGen", 2025), six cells in a line
 * without a header: window's start in seconds, requests per second, coefficient of variation, Gamma
 * or Weibull or nothing, shape, scale. Or two columns with a header: `window_start_s`,
 * `requests_per_s`. The rate is kept and the scale is not: the two disagree where gaps are wide. Shapes
 * are held to a coefficient of variation of about 5: fits to a handful of requests go far beyond.
 *
 * @param path the name of the file, for errors.
 * @throws SimulatorError FILE or INVALID_VALUE, as the reader of traces.
 */
export function parseRateWindows(chunks: TextChunks, path: string): RateWindow[] {
  const reader = new CsvReader(new TextLines(chunks, path))
  const starts: number[] = []
  const found: Omit<RateWindow, 'seconds'>[] = []
  while (reader.next()) {
    if (starts.length === 0 && reader.cell(0) === curveHeader[0]) continue
    if (reader.cells !== 2 && reader.cells !== 6)
      throw fileError(`${path}:${reader.line}`, `has ${reader.cells} cells`, '2 or 6')
    const start = cellOf(reader, path, 0, 'window_start_s')
    if (starts.length > 0 && !(start > starts.at(-1)!))
      throw valueError(path, reader.line, 'window_start_s', String(start), 'a time after the last')
    starts.push(start)
    const rate = cellOf(reader, path, 1, 'requests_per_s')
    found.push({ startSeconds: start, ratePerSecond: rate, gaps: gapsOf(reader, path) })
  }
  if (found.length === 0) throw fileError(path, 'has no rows', 'at least one window')
  const usual = starts.length > 1 ? starts.at(-1)! - starts.at(-2)! : 600
  return found.map((window, index) => ({
    ...window,
    seconds: (starts[index + 1] ?? window.startSeconds + usual) - window.startSeconds,
  }))
}

function gapsOf(reader: CsvReader, path: string): RateWindow['gaps'] {
  if (reader.cells !== 6) return undefined
  const family = reader.cell(3)
  if (family === '') return undefined
  const process = family === 'Gamma' ? 'gamma' : family === 'Weibull' ? 'weibull' : undefined
  if (process === undefined)
    throw valueError(path, reader.line, 'distribution', family, 'Gamma, Weibull or nothing')
  const shape = cellOf(reader, path, 4, 'shape')
  return { process, shape: Math.max(process === 'gamma' ? 0.04 : 0.3, shape) }
}

function cellOf(reader: CsvReader, path: string, column: number, name: string): number {
  const text = reader.cell(column)
  const number = readNumber(text)
  if (number >= 0 && number <= 1e12) return number
  throw valueError(path, reader.line, name, text, 'a number from 0 to 1e12')
}

/** Whether a JSON value is a data set of {@link parseLengthWindows}. */
export function isLengthTable(value: unknown): boolean {
  if (!isRecord(value)) return false
  const entries = Object.entries(value)
  return (
    entries.length > 0 &&
    entries.every(
      ([key, each]) => Number.isFinite(readNumber(key)) && isRecord(each) && 'input_tokens' in each,
    )
  )
}

/**
 * Reads the lengths of a client of ServeGen: by the second from which they hold, dictionaries of
 * Python, as text, from tokens to probabilities.
 *
 * @param path the name of the file, for errors.
 * @throws SimulatorError FILE or INVALID_VALUE.
 */
export function parseLengthWindows(value: unknown, path: string): LengthWindow[] {
  if (!isRecord(value) || !isLengthTable(value))
    throw fileError(path, 'has no windows of lengths', 'seconds with input_tokens, output_tokens')
  return Object.entries(value)
    .map(([key, window]) => ({
      startSeconds: readNumber(key),
      input: countsOf(window, 'input_tokens', key, path),
      output: countsOf(window, 'output_tokens', key, path),
    }))
    .sort((a, b) => a.startSeconds - b.startSeconds)
}

function countsOf(window: unknown, key: string, at: string, path: string): Map<number, number> {
  const text = isRecord(window) ? window[key] : undefined
  const place = `${path}:${at}:${key}`
  if (typeof text !== 'string' || !/^\{.*\}$/s.test(text))
    throw fileError(place, 'is not a dictionary in a string', '"{1: 0.5, 2: 0.5}"')
  const counts = new Map<number, number>()
  const inner = text.slice(1, -1).trim()
  if (inner === '') return counts
  for (const pair of inner.split(',')) {
    const [tokens = NaN, weight = NaN, ...more] = pair
      .split(':')
      .map((part) => readNumber(part.trim()))
    if (!(tokens >= 0 && tokens <= tokenLimit && weight >= 0 && weight <= 1e15) || more.length > 0)
      throw fileError(place, `has the entry ${pair.trim().slice(0, 40)}`, 'tokens: probability')
    // A request has at least one token of each kind.
    const least = Math.max(1, Math.round(tokens))
    counts.set(least, (counts.get(least) ?? 0) + weight)
  }
  return counts
}

/** The requests that clients send in expectation, between two times in seconds if given. */
export function expectedRequests(
  clients: readonly TrafficClient[],
  [from, to]: readonly [from: number, to: number] = [0, Infinity],
): number {
  let sum = 0
  for (const { windows } of clients)
    for (const { startSeconds: start, seconds, ratePerSecond } of windows) {
      const within = Math.min(to, start + seconds) - Math.max(from, start)
      if (within > 0) sum += within * ratePerSecond
    }
  return sum
}

/** The longest prompt and output together that clients can send. */
export function longestOf(clients: readonly TrafficClient[]): number {
  let longest = 0
  for (const { lengths } of clients) {
    if (!Array.isArray(lengths)) {
      const { input, output } = lengths as { input: Lengths; output: Lengths }
      longest = Math.max(longest, longestLength(input) + longestLength(output))
      continue
    }
    let prompt = 0
    let output = 0
    for (const window of lengths as readonly LengthWindow[]) {
      for (const tokens of window.input.keys()) prompt = Math.max(prompt, tokens)
      for (const tokens of window.output.keys()) output = Math.max(output, tokens)
    }
    longest = Math.max(longest, prompt + output)
  }
  return longest
}

function longestLength(lengths: Lengths): number {
  if (lengths.distribution !== 'histogram') return lengths.max ?? tokenLimit
  return Math.max(...lengths.bins.map(({ tokens, upTo = tokens }) => upTo))
}

/** Draws the requests of clients, in time order; a client's number is its session's. */
export function clientRows(clients: readonly TrafficClient[], seed: number): RowStream {
  return new ClientRows(clients.map((client, index) => new ClientDraw(client, seed, index)))
}

class ClientRows implements RowStream {
  private readonly times: Float64Array

  constructor(private readonly clients: readonly ClientDraw[]) {
    this.times = Float64Array.from(clients, (client) => client.clock.next())
  }

  next(into: TraceRow): boolean {
    const { times, clients } = this
    let first = 0
    for (let i = 1; i < times.length; i++) if (times[i]! < times[first]!) first = i
    const at = times[first]!
    if (at === Infinity || at === undefined) return false
    const client = clients[first]!
    into.arrivalSeconds = at
    client.lengthsAt(at, into)
    into.sessionId = -1
    into.priority = 0
    into.thinkSeconds = -1
    into.tenant = clients.length > 1 ? `client-${first}` : ''
    into.blocks = undefined
    into.blockTokens = 0
    times[first] = client.clock.next()
    return true
  }
}

interface LengthDraw {
  readonly from: number
  readonly input: () => number
  readonly output: () => number
}

class ClientDraw {
  readonly clock: LoadClock
  private readonly draws: readonly LengthDraw[]
  private current = 0

  constructor(client: TrafficClient, seed: number, index: number) {
    const gaps = randomStream(seed, `client-gaps:${index}`)
    const poisson = unitGamma(gaps, 1)
    let window = 0
    const { windows, lengths } = client
    let idle = windows[0]?.startSeconds ?? 0
    this.clock = new LoadClock(() => {
      if (idle > 0) {
        const segment: LoadSegment = { seconds: idle, from: 0, to: 0 }
        idle = 0
        return segment
      }
      const next = windows[window++]
      if (next === undefined) return undefined
      const { seconds, ratePerSecond: rate } = next
      return { seconds, from: rate, to: rate, gaps: drawOf(next, gaps) }
    }, poisson)
    const inputs = randomStream(seed, `client-inputs:${index}`)
    const outputs = randomStream(seed, `client-outputs:${index}`)
    this.draws = lengthDraws(lengths, inputs, outputs)
  }

  lengthsAt(at: number, into: TraceRow): void {
    const { draws } = this
    while (this.current + 1 < draws.length && draws[this.current + 1]!.from <= at) this.current++
    const { input, output } = draws[this.current]!
    into.promptTokens = input()
    into.outputTokens = output()
  }
}

function drawOf({ gaps }: RateWindow, stream: RandomStream): (() => number) | undefined {
  if (gaps === undefined) return undefined
  return gaps.process === 'gamma' ? unitGamma(stream, gaps.shape) : unitWeibull(stream, gaps.shape)
}

function lengthDraws(
  lengths: TrafficClient['lengths'],
  inputs: RandomStream,
  outputs: RandomStream,
): LengthDraw[] {
  if (!Array.isArray(lengths)) {
    const { input, output } = lengths as { input: Lengths; output: Lengths }
    return [
      { from: 0, input: lengthsSampler(input, inputs), output: lengthsSampler(output, outputs) },
    ]
  }
  const full = (lengths as readonly LengthWindow[]).filter(
    ({ input, output }) => hasWeight(input) && hasWeight(output),
  )
  if (full.length === 0) return lengthDraws(assumedLengths, inputs, outputs)
  return full.map(({ startSeconds, input, output }) => ({
    from: startSeconds,
    input: countDraw(input, inputs),
    output: countDraw(output, outputs),
  }))
}

function hasWeight(counts: ReadonlyMap<number, number>): boolean {
  for (const weight of counts.values()) if (weight > 0) return true
  return false
}

function countDraw(counts: ReadonlyMap<number, number>, stream: RandomStream): () => number {
  const tokens = [...counts.keys()]
  const pick = weightedPick([...counts.values()], stream, 'lengths')
  return () => tokens[pick()]!
}
