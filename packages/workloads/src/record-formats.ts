import { columnFormats, formatOfColumns } from './column-formats.js'
import { columnRecords, type RecordFormat } from './record-rows.js'
import { SessionNumbers } from './session-numbers.js'
import { type TraceRecord } from './trace-record.js'
import { type TraceRow } from './trace-row.js'
import { fileError } from './trace-values.js'

/** The keys that make a record a request, for errors. */
export const acceptedKeys: string = [
  'timestamp,input_length,output_length',
  'chat_id,timestamp,input_length,output_length',
  'session_id,input_length,output_length',
  'arrival_time_ns,sub_requests',
  'id,requests',
  ...columnFormats.flatMap(({ arrival, prompt, output }) =>
    arrival === undefined ? [] : [`${arrival},${prompt},${output}`],
  ),
].join(' or ')

/** All keys that are read of records that are not sessions. */
export const knownKeys: ReadonlySet<string> = new Set([
  ...['timestamp', 'input_length', 'output_length', 'hash_ids', 'chat_id', 'parent_chat_id'],
  ...['session_id', 'delay', 'input_tok_ids', 'ideal_prefix_hit_toks'],
  ...columnFormats.flatMap(
    ({ arrival, prompt, output, session, tenant, adapter, urgency, think }) =>
      [arrival, prompt, output, session, tenant, adapter, urgency, think].filter(
        (key) => key !== undefined,
      ),
  ),
])

/**
 * The format of records by their keys, and the unit of `timestamp` by the size of the prompt's
 * blocks: undefined when they are no requests.
 *
 * @param samples the first records of a file, at least one.
 */
export function formatOfRecords(samples: readonly TraceRecord[]): RecordFormat | undefined {
  const first = samples[0]!
  if (first.has('requests')) return weka()
  if (first.has('sub_requests') || isOf(first, 'llmservingsim')) return llmServingSim()
  if (!first.has('input_length') || !first.has('output_length')) {
    const columns = formatOfColumns((name) => first.has(name))
    return columns === undefined ? undefined : columnRecords(columns)
  }
  if (first.has('chat_id') && 'timestamp' in first.values) return bailian()
  if (samples.some((sample) => sample.has('session_id') || sample.has('delay'))) return aiperf()
  if (!('timestamp' in first.values))
    return columnRecords(formatOfColumns((name) => first.has(name))!)
  return timestamps(haveShortBlocks(samples) ? 'timed-trace' : 'mooncake')
}

function isOf(record: TraceRecord, name: string): boolean {
  return formatOfColumns((column) => record.has(column))?.name === name
}

/** Whether more prompts have an id for 16 tokens, as where times are in seconds, than for 512. */
function haveShortBlocks(records: readonly TraceRecord[]): boolean {
  let votes = 0
  for (const { values } of records) {
    const { hash_ids: blocks, input_length: tokens } = values
    if (!Array.isArray(blocks) || typeof tokens !== 'number' || tokens <= 16) continue
    if (Math.abs(blocks.length - tokens / 16) <= 1) votes++
    if (Math.abs(blocks.length - tokens / 512) <= 1) votes--
  }
  return votes > 0
}

/** Mooncake (milliseconds, blocks of 512 tokens) or vLLM's `timed_trace` (seconds, 16 tokens). */
function timestamps(name: 'mooncake' | 'timed-trace'): RecordFormat {
  const unitsPerSecond = name === 'mooncake' ? 1000 : 1
  const blockTokens = name === 'mooncake' ? 512 : 16
  return {
    name,
    read(record, row, emit) {
      row.arrivalSeconds = record.seconds('timestamp', unitsPerSecond)
      lengths(record, row, blockTokens)
      row.blockTokens = blockTokens
      emit()
    },
  }
}

/** Qwen-Bailian: seconds; a request names the one before it in its chat. */
function bailian(): RecordFormat {
  const sessions = new SessionNumbers()
  return {
    name: 'qwen-bailian',
    read(record, row, emit) {
      row.arrivalSeconds = record.seconds('timestamp')
      lengths(record, row)
      row.blockTokens = 16
      const parent = record.text('parent_chat_id')
      const chat = record.text('chat_id')
      const root = parent === '' || parent === '-1' ? chat : parent
      row.sessionId = sessions.of(root)
      if (root !== chat) sessions.also(chat, row.sessionId)
      emit()
    },
  }
}

/**
 * AIPerf: milliseconds. A later turn of a session may have a `delay` after the turn before in place
 * of a time, and counts only its new tokens: what came before is added.
 */
function aiperf(): RecordFormat {
  const sessions = new SessionNumbers()
  const open = new Map<number, { arrival: number; context: number }>()
  return {
    name: 'aiperf',
    read(record, row, emit) {
      row.sessionId = sessions.of(record.text('session_id'))
      const before = open.get(row.sessionId)
      const delay = record.has('delay') ? record.seconds('delay', 1000) : 0
      row.arrivalSeconds = record.has('timestamp')
        ? record.seconds('timestamp', 1000)
        : (before?.arrival ?? 0) + delay
      if (record.has('delay')) row.thinkSeconds = delay
      lengths(record, row)
      // A session's prompts begin with what came before; ids stand for what is new in each.
      if (row.sessionId < 0) row.blockTokens = 512
      if (row.sessionId >= 0) {
        row.promptTokens += before?.context ?? 0
        open.set(row.sessionId, {
          arrival: row.arrivalSeconds,
          context: row.promptTokens + row.outputTokens,
        })
        forgetOldest(open)
      }
      emit()
    },
  }
}

/** LLMServingSim: nanoseconds; a line may hold a session, whose calls follow tools. */
function llmServingSim(): RecordFormat {
  const columns = columnRecords(columnFormats.find(({ name }) => name === 'llmservingsim')!)
  const sessions = new SessionNumbers()
  let unnamed = 0
  return {
    name: columns.name,
    read(record, row, emit) {
      if (!record.has('sub_requests')) {
        promptTokens(record, row)
        columns.read(record, row, emit)
        return
      }
      const name = record.text('session_id')
      row.sessionId = sessions.of(name === '' ? `line ${unnamed++}` : name)
      row.arrivalSeconds = record.seconds('arrival_time_ns', 1e9)
      for (const turn of record.records('sub_requests')) {
        promptTokens(turn, row)
        row.promptTokens = turn.tokens('input_toks', 0)
        row.outputTokens = turn.tokens('output_toks', 0)
        emit()
        row.thinkSeconds = turn.has('tool_duration_ns') ? turn.seconds('tool_duration_ns', 1e9) : 0
        row.arrivalSeconds += row.thinkSeconds
      }
    },
  }
}

/**
 * What a prompt begins with: its tokens one by one, or else as many as a cache without an end would hold,
 * which are taken from a text that all prompts have in common.
 */
function promptTokens(record: TraceRecord, row: TraceRow): void {
  row.blocks = undefined
  row.blockTokens = 0
  if (record.has('input_tok_ids')) {
    row.blocks = record.list('input_tok_ids')
    row.blockTokens = 1
  } else if (record.has('ideal_prefix_hit_toks')) {
    const tokens = record.tokens('ideal_prefix_hit_toks', 0)
    if (tokens === 0) return
    row.blocks = commonText
    row.blockTokens = tokens
  }
}

const commonText: readonly number[] = [0]

/** Sessions of coding agents (kv-cache-tester): one object each, times in seconds from its start. */
function weka(): RecordFormat {
  const sessions = new SessionNumbers()
  const read = (
    requests: readonly TraceRecord[],
    row: TraceRow,
    emit: () => void,
    from: number,
    blockTokens: number,
  ): void => {
    for (const request of requests) {
      const at = request.has('t') ? request.seconds('t') : from
      if (request.has('requests')) {
        // A sub-agent's times count from its own start, or from the session's.
        const nested = request.records('requests')
        const own = nested[0] !== undefined && nested[0].has('t') && nested[0].seconds('t') < at
        read(nested, row, emit, own ? at : from, blockTokens)
        continue
      }
      if (request.text('type') === 'subagent' && !request.has('in')) continue
      row.arrivalSeconds = from > 0 && at < from ? from + at : at
      row.promptTokens = request.tokens('in', 0)
      row.outputTokens = request.tokens('out', 0)
      row.thinkSeconds = request.has('think_time') ? request.seconds('think_time') : -1
      row.blocks = request.blockIds('hash_ids')
      row.blockTokens = blockTokens
      // Ids mean something within their own session alone.
      if (row.sessionId > 0)
        row.blocks = row.blocks?.map((block) => `${row.sessionId}:${String(block)}`)
      emit()
    }
  }
  let unnamed = 0
  return {
    name: 'weka',
    read(record, row, emit) {
      const name = record.text('id')
      row.sessionId = sessions.of(name === '' ? `line ${unnamed++}` : name)
      const requests = record.records('requests')
      if (requests.length === 0)
        throw fileError(
          `${record.path}:${record.line}:requests`,
          'is empty',
          'at least one request',
        )
      read(requests, row, emit, 0, record.has('block_size') ? record.tokens('block_size', 1) : 64)
    },
  }
}

/** @param blockTokens - tokens of each block, where a prompt has an id for every one, a last half-full one or not */
function lengths(record: TraceRecord, row: TraceRow, blockTokens?: number): void {
  row.promptTokens = record.tokens('input_length', 0)
  row.outputTokens = record.tokens('output_length', 0)
  const blocks = row.promptTokens / (blockTokens ?? 1)
  row.blocks = record.blockIds('hash_ids', (count) => {
    if (blockTokens === undefined || Math.abs(count - blocks) < 1) return undefined
    const [full, all] = [Math.floor(blocks), Math.ceil(blocks)]
    return `${full === all ? '' : `${full} or `}${all}, one for each ${blockTokens} of ${row.promptTokens} tokens`
  })
}

/** Keeps memory bounded, however many sessions a file has. */
function forgetOldest(map: Map<number, unknown>): void {
  if (map.size <= 262_144) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
