import { type RequestDraft, type RequestSource, SimulatorError } from '@llmsim/contracts'
import { tokenLimit } from './length-distribution.js'
import { type TraceRows } from './trace-rows.js'

/**
 * Replays the requests of a trace, once. It reads the columns as it goes: leave them unchanged.
 *
 * @throws SimulatorError INVALID_VALUE when the columns differ in length, an arrival is not a finite
 * number of seconds from 0 up or before the one above it, or a count of tokens is out of range.
 */
export function traceSource(rows: TraceRows): RequestSource {
  check(rows)
  return new TraceSource(rows.arrivalSeconds, rows.promptTokens, rows.outputTokens)
}

class TraceSource implements RequestSource {
  private row = 0

  constructor(
    private readonly arrivals: Float64Array,
    private readonly prompts: Int32Array,
    private readonly outputs: Int32Array,
  ) {}

  next(into: RequestDraft): boolean {
    const row = this.row
    if (row >= this.arrivals.length) return false
    into.arrivalSeconds = this.arrivals[row]!
    into.promptTokens = this.prompts[row]!
    into.outputTokens = this.outputs[row]!
    into.sessionId = -1
    into.priority = 0
    this.row = row + 1
    return true
  }
}

function check({ arrivalSeconds, promptTokens, outputTokens }: TraceRows): void {
  const { length } = arrivalSeconds
  if (promptTokens.length !== length)
    throw invalid('promptTokens.length', promptTokens.length, String(length))
  if (outputTokens.length !== length)
    throw invalid('outputTokens.length', outputTokens.length, String(length))
  let before = 0
  for (let row = 0; row < length; row++) {
    const arrival = arrivalSeconds[row]!
    if (!(arrival >= before && arrival < Infinity))
      throw invalid(`arrivalSeconds[${row}]`, arrival, `finite, from ${before} up`)
    before = arrival
    checkTokens('promptTokens', row, promptTokens[row]!)
    checkTokens('outputTokens', row, outputTokens[row]!)
  }
}

function checkTokens(column: string, row: number, tokens: number): void {
  if (!(tokens >= 1 && tokens <= tokenLimit))
    throw invalid(`${column}[${row}]`, tokens, 'an integer from 1 to 10,000,000')
}

function invalid(path: string, given: number, accepted: string): SimulatorError {
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path,
    message: 'is out of range',
    given,
    accepted,
  })
}
