import { fingerprint } from './session-numbers.js'
import { type RowStream, newRow } from './trace-row.js'

/** Figures of one quantity over all requests. */
export interface LengthFigures {
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** What a trace holds. */
export interface TraceFigures {
  readonly rows: number
  /** Seconds from the first request to the last. */
  readonly spanSeconds: number
  /** Requests by the span; NaN for a single time. */
  readonly ratePerSecond: number
  /** Standard deviation by mean of the gaps between requests: 1 for Poisson arrivals. */
  readonly gapCv: number
  readonly prompt: LengthFigures
  readonly output: LengthFigures
  /** Sessions with a number; 0: the trace has none. */
  readonly sessions: number
  readonly tenants: number
  /** Share of the blocks of prompts that an endless cache would hold; undefined without block ids. */
  readonly prefixReuse: number | undefined
  /** Requests per second in stretches of `binSeconds` from the first request on. */
  readonly rates: readonly number[]
  readonly binSeconds: number
}

const binCount = 512
/** Names that are told apart: memory is bounded by it. */
const nameLimit = 4_000_000

/** Reads a stream to its end, in memory that does not grow with it. */
export function traceFigures(rows: RowStream, limit: number = Infinity): TraceFigures {
  const row = newRow()
  const prompt = new TokenCounts()
  const output = new TokenCounts()
  const bins = new GrowingBins()
  const sessions = new Set<number>()
  const tenants = new Set<string>()
  const seen = new Set<number>()
  let blocks = 0
  let reused = 0
  let count = 0
  let first = 0
  let last = 0
  let mean = 0
  let squares = 0
  while (count < limit && rows.next(row)) {
    const at = row.arrivalSeconds
    if (count === 0) first = at
    else {
      const gap = at - last
      const change = gap - mean
      mean += change / count
      squares += change * (gap - mean)
    }
    last = at
    count++
    prompt.add(row.promptTokens)
    output.add(row.outputTokens)
    bins.add(at - first)
    if (row.sessionId >= 0 && sessions.size < nameLimit) sessions.add(row.sessionId)
    if (row.tenant !== '' && tenants.size < nameLimit) tenants.add(row.tenant)
    if (row.blocks !== undefined) {
      const { blockTokens = 0 } = row
      const whole = blockTokens > 0 ? Math.floor(row.promptTokens / blockTokens) : 0
      blocks += Math.max(row.blocks.length, whole)
      let prefix = 0
      let known = true
      for (const block of row.blocks) {
        prefix = fingerprint(`${prefix} ${String(block)}`)
        known &&= seen.has(prefix)
        if (known) reused++
        else if (seen.size < nameLimit) seen.add(prefix)
      }
    }
  }
  const span = last - first
  return {
    rows: count,
    spanSeconds: span,
    ratePerSecond: span > 0 ? count / span : NaN,
    gapCv: count > 2 && mean > 0 ? Math.sqrt(squares / (count - 1)) / mean : NaN,
    prompt: prompt.figures(),
    output: output.figures(),
    sessions: sessions.size,
    tenants: tenants.size,
    prefixReuse: blocks === 0 ? undefined : reused / blocks,
    rates: bins.rates(span),
    binSeconds: bins.width,
  }
}

/** How often each count of tokens came: exact quantiles of any number of requests. */
class TokenCounts {
  private counts = new Float64Array(1024)
  private total = 0
  private sum = 0
  private max = 0

  add(tokens: number): void {
    if (tokens >= this.counts.length) {
      const wide = new Float64Array(Math.max(tokens + 1, this.counts.length * 2))
      wide.set(this.counts)
      this.counts = wide
    }
    this.counts[tokens]!++
    this.total++
    this.sum += tokens
    if (tokens > this.max) this.max = tokens
  }

  figures(): LengthFigures {
    return {
      mean: this.sum / this.total,
      p50: this.quantile(0.5),
      p90: this.quantile(0.9),
      p99: this.quantile(0.99),
      max: this.max,
    }
  }

  /** Of nearest rank. */
  private quantile(q: number): number {
    const rank = Math.max(1, Math.ceil(q * this.total))
    let seen = 0
    for (let tokens = 0; tokens <= this.max; tokens++) {
      seen += this.counts[tokens]!
      if (seen >= rank) return tokens
    }
    return NaN
  }
}

/** Counts in stretches of time whose width doubles when the trace turns out longer. */
class GrowingBins {
  width = 1 / 1024
  private readonly counts = new Float64Array(binCount)

  add(at: number): void {
    while (at >= this.width * binCount) this.double()
    this.counts[Math.floor(at / this.width)]!++
  }

  rates(span: number): number[] {
    const used = Math.min(binCount, Math.floor(span / this.width) + 1)
    return Array.from(this.counts.subarray(0, used), (count) => count / this.width)
  }

  private double(): void {
    const { counts } = this
    for (let i = 0; i < binCount; i++)
      counts[i] = i < binCount / 2 ? counts[2 * i]! + counts[2 * i + 1]! : 0
    this.width *= 2
  }
}
