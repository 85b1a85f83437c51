import { SimulatorError } from '@llmsim/contracts'
import { randomStream, type RandomStream } from '@llmsim/engine'
import { tokenLimit } from './length-distribution.js'
import { copyRow, newRow, type RowStream, type TraceRow } from './trace-row.js'

/** How a trace is changed before it is replayed, in the order of the fields. */
export interface TraceOptions {
  /** Only requests from the first to before the second of these seconds, counted from the first. */
  readonly windowSeconds?: readonly [from: number, to: number] | undefined
  /**
   * Length of a tick: requests with the same time are spread at random over the seconds up to the
   * next time, or over a tick where that is sooner. Mooncake's has 3 seconds.
   */
  readonly spreadTickSeconds?: number | undefined
  /** Requests in place of each: 0.5 keeps half of them, 3 sends two more before the next one. */
  readonly rateScale?: number | undefined
  /** Times are divided by it: 2 replays in half the time. */
  readonly speed?: number | undefined
  readonly maxPromptTokens?: number | undefined
  readonly maxOutputTokens?: number | undefined
  /** Longest prompt and output together, as a model's context. */
  readonly maxTotalTokens?: number | undefined
  /** What becomes of a request that is longer: it is cut (when absent) or left out. */
  readonly overLong?: 'cut' | 'drop' | undefined
  /** Seed of what is drawn: 0 when absent. */
  readonly seed?: number | undefined
}

/** What the options did to the rows that went through. */
export interface TraceCounts {
  /** Requests outside the window. */
  outside: number
  /** Over-long requests that were cut. */
  cut: number
  /** Over-long requests that were left out. */
  dropped: number
}

/** Most requests that share one time: they are held in memory to be spread. */
const tickLimit = 1_000_000

/** Counts with nothing in them. */
export function newCounts(): TraceCounts {
  return { outside: 0, cut: 0, dropped: 0 }
}

/**
 * The rows of a trace, changed by the options; the same each time.
 *
 * @param rows in time order.
 * @param counts what the options did is added to it; without it, reading ends with the window.
 * @throws SimulatorError INVALID_VALUE for an option out of range.
 */
export function changedRows(
  rows: RowStream,
  options: TraceOptions,
  counts?: TraceCounts,
): RowStream {
  check(options)
  const { windowSeconds, spreadTickSeconds, rateScale = 1, speed = 1, seed = 0 } = options
  let stream = rows
  if (windowSeconds !== undefined) stream = new Window(stream, windowSeconds, counts)
  if (spreadTickSeconds !== undefined)
    stream = new SpreadTicks(stream, spreadTickSeconds, randomStream(seed, 'trace-ticks'))
  if (rateScale !== 1) stream = new ScaledRate(stream, rateScale, randomStream(seed, 'trace-rate'))
  if (speed !== 1) stream = new Faster(stream, speed)
  const { maxPromptTokens, maxOutputTokens, maxTotalTokens } = options
  if (maxPromptTokens ?? maxOutputTokens ?? maxTotalTokens)
    stream = new Limited(stream, options, counts ?? newCounts())
  return stream
}

class Window implements RowStream {
  constructor(
    private readonly rows: RowStream,
    private readonly window: readonly [from: number, to: number],
    private readonly counts: TraceCounts | undefined,
  ) {}

  next(into: TraceRow): boolean {
    const [from, to] = this.window
    while (this.rows.next(into)) {
      if (into.arrivalSeconds >= from && into.arrivalSeconds < to) {
        into.arrivalSeconds -= from
        return true
      }
      if (this.counts !== undefined) this.counts.outside++
      else if (into.arrivalSeconds >= to) return false
    }
    return false
  }
}

class SpreadTicks implements RowStream {
  private readonly ahead = newRow()
  private hasAhead = false
  private started = false
  private group: TraceRow[] = []
  private times = new Float64Array(0)
  private taken = 0

  constructor(
    private readonly rows: RowStream,
    private readonly tick: number,
    private readonly stream: RandomStream,
  ) {}

  next(into: TraceRow): boolean {
    if (this.taken >= this.group.length && !this.fill()) return false
    copyRow(this.group[this.taken]!, into)
    into.arrivalSeconds = this.times[this.taken]!
    this.taken++
    return true
  }

  /** Takes in the rows of the next time. */
  private fill(): boolean {
    if (!this.started) {
      this.started = true
      this.hasAhead = this.rows.next(this.ahead)
    }
    if (!this.hasAhead) return false
    const at = this.ahead.arrivalSeconds
    this.group = []
    this.taken = 0
    while (this.hasAhead && this.ahead.arrivalSeconds === at && this.group.length < tickLimit) {
      this.group.push({ ...this.ahead })
      this.hasAhead = this.rows.next(this.ahead)
    }
    const width = this.hasAhead ? Math.min(this.tick, this.ahead.arrivalSeconds - at) : this.tick
    this.times = new Float64Array(this.group.length)
    for (let i = 0; i < this.times.length; i++) this.times[i] = at + width * this.stream.next()
    this.times.sort()
    return true
  }
}

class ScaledRate implements RowStream {
  private readonly row = newRow()
  private readonly ahead = newRow()
  private hasAhead = false
  private started = false
  private offsets = new Float64Array(0)
  private taken = 0

  constructor(
    private readonly rows: RowStream,
    private readonly scale: number,
    private readonly stream: RandomStream,
  ) {}

  next(into: TraceRow): boolean {
    while (this.taken >= this.offsets.length) if (!this.fill()) return false
    copyRow(this.row, into)
    into.arrivalSeconds = this.row.arrivalSeconds + this.offsets[this.taken]!
    // A copy is not the same session, nor the same prompt, twice.
    if (this.taken > 0) {
      into.sessionId = -1
      into.blocks = undefined
    }
    this.taken++
    return true
  }

  private fill(): boolean {
    if (!this.started) {
      this.started = true
      this.hasAhead = this.rows.next(this.ahead)
    }
    if (!this.hasAhead) return false
    copyRow(this.ahead, this.row)
    this.hasAhead = this.rows.next(this.ahead)
    const gap = this.hasAhead ? this.ahead.arrivalSeconds - this.row.arrivalSeconds : 0
    const whole = Math.floor(this.scale)
    const copies = whole + (this.stream.next() < this.scale - whole ? 1 : 0)
    this.offsets = new Float64Array(copies)
    // The request itself keeps its time.
    for (let i = 1; i < copies; i++) this.offsets[i] = gap * this.stream.next()
    this.offsets.sort()
    this.taken = 0
    return true
  }
}

class Faster implements RowStream {
  constructor(
    private readonly rows: RowStream,
    private readonly speed: number,
  ) {}

  next(into: TraceRow): boolean {
    if (!this.rows.next(into)) return false
    into.arrivalSeconds /= this.speed
    return true
  }
}

class Limited implements RowStream {
  private readonly prompt: number
  private readonly output: number
  private readonly total: number
  private readonly drop: boolean

  constructor(
    private readonly rows: RowStream,
    options: TraceOptions,
    private readonly counts: TraceCounts,
  ) {
    this.prompt = options.maxPromptTokens ?? tokenLimit
    this.output = options.maxOutputTokens ?? tokenLimit
    this.total = options.maxTotalTokens ?? 2 * tokenLimit
    this.drop = options.overLong === 'drop'
  }

  next(into: TraceRow): boolean {
    while (this.rows.next(into)) {
      const { promptTokens: prompt, outputTokens: output } = into
      if (prompt <= this.prompt && output <= this.output && prompt + output <= this.total)
        return true
      if (this.drop) {
        this.counts.dropped++
        continue
      }
      this.counts.cut++
      into.promptTokens = Math.min(prompt, this.prompt, this.total - 1)
      into.outputTokens = Math.min(output, this.output, this.total - into.promptTokens)
      return true
    }
    return false
  }
}

function check(options: TraceOptions): void {
  const { windowSeconds, overLong } = options
  if (windowSeconds !== undefined) {
    const [from, to] = windowSeconds
    if (!(from >= 0 && to > from))
      throw invalid('windowSeconds', windowSeconds, 'two rising times from 0 up')
  }
  for (const field of ['spreadTickSeconds', 'rateScale', 'speed'] as const) {
    const value = options[field]
    if (value !== undefined && !(value > 0 && value <= (field === 'rateScale' ? 1000 : 1e9)))
      throw invalid(field, value, `above 0, to ${field === 'rateScale' ? '1000' : '1e9'}`)
  }
  for (const field of ['maxPromptTokens', 'maxOutputTokens', 'maxTotalTokens'] as const) {
    const value = options[field]
    const least = field === 'maxTotalTokens' ? 2 : 1
    if (value !== undefined && !(Number.isInteger(value) && value >= least))
      throw invalid(field, value, `an integer from ${least} up`)
  }
  if (overLong !== undefined && overLong !== 'cut' && overLong !== 'drop')
    throw invalid('overLong', overLong, 'cut or drop')
  if (options.seed !== undefined && !Number.isSafeInteger(options.seed))
    throw invalid('seed', options.seed, 'an integer from 0 to 2^53 - 1')
}

function invalid(path: string, given: unknown, accepted: string): SimulatorError {
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path,
    message: 'is out of range',
    given,
    accepted,
  })
}
