import { SimulatorError } from '@llmsim/contracts'
import { newRow, type RowStream, type TraceRow } from '@llmsim/workloads'
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { FileTarget } from './write-file.js'

/** Characters that are written at a time. */
const pieceSize = 1 << 20

/** Which of a trace's optional values any request has. */
interface Extras {
  sessions: boolean
  tenants: boolean
  adapters: boolean
  thinking: boolean
  blocks: boolean
}

/**
 * Writes a trace row by row, as CSV with the columns of Vidur or as JSON lines with the same keys;
 * with the ids of blocks, JSON lines with the keys of Mooncake's, or of Qwen-Bailian's where there
 * are sessions. A name that ends in `.gz` is packed. The file is written whole or not at all.
 *
 * @param rows the rows from the first one, each time.
 * @returns the number of requests.
 * @throws SimulatorError FILE for a name that ends in neither, or a file that cannot be written.
 */
export function writeTrace(target: FileTarget, rows: () => RowStream, limit: number): number {
  const name = target.name.toLowerCase()
  const packed = name.endsWith('.gz')
  const plain = packed ? name.slice(0, -3) : name
  const csv = plain.endsWith('.csv')
  if (!csv && !plain.endsWith('.jsonl'))
    throw refusal(target, 'has no known ending', '.csv, .jsonl, .csv.gz or .jsonl.gz')
  const extras = extrasOf(rows(), limit)
  const format = csv ? csvFormat(extras) : extras.blocks ? blockFormat(extras) : jsonFormat(extras)
  const written = target.special ? target.absolute : `${target.absolute}.${process.pid}.tmp`
  let descriptor: number | undefined
  try {
    descriptor = openSync(written, 'w')
    const count = writeRows(descriptor, packed, rows(), limit, format)
    closeSync(descriptor)
    descriptor = undefined
    if (!target.special) renameSync(written, target.absolute)
    return count
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor)
    if (!target.special) rmSync(written, { force: true })
    if (error instanceof SimulatorError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw refusal(target, `cannot be written (${reason})`, 'a file that may be written to')
  }
}

interface Format {
  readonly header: string
  readonly line: (row: TraceRow) => string
}

function writeRows(
  descriptor: number,
  packed: boolean,
  rows: RowStream,
  limit: number,
  { header, line }: Format,
): number {
  const row = newRow()
  let text = header
  let count = 0
  const flush = (): void => {
    const bytes = Buffer.from(text)
    const data = packed ? gzipSync(bytes) : bytes
    for (let at = 0; at < data.length;) at += writeSync(descriptor, data, at)
    text = ''
  }
  while (count < limit && rows.next(row)) {
    text += line(row)
    count++
    if (text.length >= pieceSize) flush()
  }
  if (text !== '') flush()
  return count
}

function extrasOf(rows: RowStream, limit: number): Extras {
  const extras = {
    sessions: false,
    tenants: false,
    adapters: false,
    thinking: false,
    blocks: false,
  }
  const row = newRow()
  for (let count = 0; count < limit && rows.next(row); count++) {
    if (row.sessionId >= 0) extras.sessions = true
    if (row.tenant !== '') extras.tenants = true
    if ((row.adapter ?? '') !== '') extras.adapters = true
    if (row.thinkSeconds >= 0) extras.thinking = true
    if (row.blocks !== undefined) extras.blocks = true
  }
  return extras
}

function csvFormat({ sessions, tenants, adapters, thinking }: Extras): Format {
  const names = [
    'arrived_at,num_prefill_tokens,num_decode_tokens',
    ...(sessions ? ['session_id'] : []),
    ...(tenants ? ['tenant_id'] : []),
    ...(adapters ? ['adapter_id'] : []),
    ...(thinking ? ['think_seconds'] : []),
  ]
  return {
    header: `${names.join(',')}\n`,
    line: (row) => {
      let text = `${row.arrivalSeconds},${row.promptTokens},${row.outputTokens}`
      if (sessions) text += row.sessionId < 0 ? ',' : `,${row.sessionId}`
      if (tenants) text += `,${cell(row.tenant)}`
      if (adapters) text += `,${cell(row.adapter ?? '')}`
      if (thinking) text += row.thinkSeconds < 0 ? ',' : `,${row.thinkSeconds}`
      return `${text}\n`
    },
  }
}

function cell(text: string): string {
  const oneLine = text.replace(/[\r\n]+/g, ' ')
  return /[",]/.test(oneLine) ? `"${oneLine.replaceAll('"', '""')}"` : oneLine
}

function jsonFormat({ sessions, tenants, adapters, thinking }: Extras): Format {
  return {
    header: '',
    line: (row) =>
      `${JSON.stringify({
        arrived_at: row.arrivalSeconds,
        num_prefill_tokens: row.promptTokens,
        num_decode_tokens: row.outputTokens,
        ...(sessions && row.sessionId >= 0 ? { session_id: row.sessionId } : {}),
        ...(tenants && row.tenant !== '' ? { tenant_id: row.tenant } : {}),
        ...(adapters && (row.adapter ?? '') !== '' ? { adapter_id: row.adapter } : {}),
        ...(thinking && row.thinkSeconds >= 0 ? { think_seconds: row.thinkSeconds } : {}),
      })}\n`,
  }
}

/** Tokens of a block in the two forms that have ids of blocks: Qwen-Bailian's with sessions, Mooncake's without. */
const chatBlockTokens = 16
const plainBlockTokens = 512

/**
 * The ids of a prompt's blocks, for blocks of so many tokens: larger ones are taken apart.
 *
 * @throws SimulatorError CONFLICT where the trace's blocks are not made up of such.
 */
function blockIds({ blocks = [], blockTokens = 0 }: TraceRow, tokens: number): readonly unknown[] {
  if (blockTokens === 0 || blockTokens === tokens) return blocks
  const parts = blockTokens / tokens
  if (!Number.isInteger(parts))
    throw new SimulatorError({
      code: 'CONFLICT',
      path: 'OUT',
      message: `the trace's blocks of ${blockTokens} tokens cannot be written as blocks of ${tokens}`,
      accepted: 'a .csv file, which has no blocks',
    })
  return blocks.flatMap((id) => Array.from({ length: parts }, (_, i) => `${String(id)}.${i}`))
}

/** As many ids as the prompt has blocks: what nothing is known of is its own. */
function ofWholePrompt(
  ids: readonly unknown[],
  { promptTokens }: TraceRow,
  number: number,
): readonly unknown[] {
  const blocks = promptTokens / plainBlockTokens
  if (ids.length === 0 || Math.abs(ids.length - blocks) < 1) return ids
  const own = Math.max(0, Math.floor(blocks) - ids.length)
  return [
    ...ids.slice(0, Math.ceil(blocks)),
    ...Array.from({ length: own }, (_, i) => `${number}:${i}`),
  ]
}

function blockFormat({ sessions }: Extras): Format {
  const last = new Map<number, number>()
  let chat = 0
  let rows = 0
  return {
    header: '',
    line: (row) => {
      const ids = blockIds(row, sessions ? chatBlockTokens : plainBlockTokens)
      const lengths = {
        input_length: row.promptTokens,
        output_length: row.outputTokens,
        hash_ids: sessions ? ids : ofWholePrompt(ids, row, rows++),
      }
      if (!sessions)
        return `${JSON.stringify({ timestamp: row.arrivalSeconds * 1000, ...lengths })}\n`
      const parent = row.sessionId < 0 ? -1 : (last.get(row.sessionId) ?? -1)
      if (row.sessionId >= 0) last.set(row.sessionId, chat)
      return `${JSON.stringify({
        chat_id: chat++,
        parent_chat_id: parent,
        timestamp: row.arrivalSeconds,
        ...lengths,
      })}\n`
    },
  }
}

function refusal(target: FileTarget, message: string, accepted: string): SimulatorError {
  return new SimulatorError({ code: 'FILE', path: 'OUT', message, given: target.name, accepted })
}
