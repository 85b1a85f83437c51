import { type RequestDraft, type RequestSource, SimulatorError } from '@llmsim/contracts'
import { tokenLimit } from './length-distribution.js'
import { BlockIds } from './block-ids.js'
import { newRow, type RowStream, type TraceRow } from './trace-row.js'
import { type TraceRows } from './trace-rows.js'

/**
 * Replays the requests of a trace, once. It reads the columns as it goes: leave them unchanged.
 *
 * @throws SimulatorError INVALID_VALUE when the columns differ in length, an arrival is not a finite
 * number of seconds from 0 up or before the one above it, or a count of tokens is out of range.
 */
export function traceSource(rows: TraceRows): RequestSource {
  check(rows)
  return rowSource(columnStream(rows))
}

/** The rows of columns, one after the other. */
export function columnStream(rows: TraceRows): RowStream {
  const { arrivalSeconds, promptTokens, outputTokens, sessionIds, priorities, thinkSeconds } = rows
  const { blocks, blockTokens } = rows
  let row = 0
  return {
    next(into: TraceRow): boolean {
      if (row >= arrivalSeconds.length) return false
      into.arrivalSeconds = arrivalSeconds[row]!
      into.promptTokens = promptTokens[row]!
      into.outputTokens = outputTokens[row]!
      into.sessionId = sessionIds === undefined ? -1 : sessionIds[row]!
      into.priority = priorities === undefined ? 0 : priorities[row]!
      into.thinkSeconds = thinkSeconds === undefined ? -1 : thinkSeconds[row]!
      into.tenant = ''
      into.adapter = ''
      into.blocks = blocks?.[row]
      into.blockTokens = blockTokens?.[row] ?? 0
      row++
      return true
    },
  }
}

/**
 * Requests from rows that are in time order.
 *
 * @param tenants names of those who sent them; those that are met first are added to it.
 * @param addAdapter gives a LoRA adapter that is met first a number.
 */
export function rowSource(
  rows: RowStream,
  tenants?: string[],
  addAdapter?: (name: string) => number,
): RequestSource {
  const adapters = new Map<string, number>()
  const adapterOf = (name: string, add: (name: string) => number): number => {
    const known = adapters.get(name)
    if (known !== undefined) return known
    const number = add(name)
    adapters.set(name, number)
    return number
  }
  const row = newRow()
  const numbers = new Map((tenants ?? []).map((name, number) => [name, number]))
  const numberOf = (name: string, names: string[]): number => {
    let number = numbers.get(name)
    if (number === undefined) {
      number = names.push(name) - 1
      numbers.set(name, number)
    }
    return number
  }
  const prompt = new BlockIds()
  return {
    next(into: RequestDraft): boolean {
      if (!rows.next(row)) return false
      into.promptBlocks = prompt.of(row)
      into.arrivalSeconds = row.arrivalSeconds
      into.promptTokens = row.promptTokens
      into.outputTokens = row.outputTokens
      into.sessionId = row.sessionId
      into.priority = row.priority
      if (addAdapter !== undefined && (row.adapter ?? '') !== '')
        into.adapterId = adapterOf(row.adapter ?? '', addAdapter)
      if (tenants !== undefined && row.tenant !== '') into.tenantId = numberOf(row.tenant, tenants)
      return true
    },
  }
}

function check(rows: TraceRows): void {
  const { arrivalSeconds, promptTokens, outputTokens } = rows
  const { length } = arrivalSeconds
  for (const column of [
    'sessionIds',
    'priorities',
    'thinkSeconds',
    'blocks',
    'blockTokens',
  ] as const) {
    const given = rows[column]?.length ?? length
    if (given !== length) throw invalid(`${column}.length`, given, String(length))
  }
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
