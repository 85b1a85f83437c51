import { SimulatorError, type RequestSource } from '@llmsim/contracts'
import type { RequestRecord } from '@llmsim/metrics'
import { z } from 'zod'

/** A line of a server's log: times in seconds of one clock, from the queue of the engine on. */
const LogLine = z.object({
  input_toks: z.int().positive(),
  output_toks: z.int().positive(),
  queued_ts: z.number(),
  scheduled_ts: z.number(),
  first_token_ts: z.number(),
  last_token_ts: z.number(),
})

/** Requests that a server completed, by arrival; the first one arrives at 0. */
export type MeasuredLog = readonly RequestRecord[]

/** Reads a log in JSON lines. Throws `SimulatorError` with the line and the field at fault. */
export function parseLog(text: string, file: string): MeasuredLog {
  const records = text
    .split('\n')
    .map((line, index) => [line.trim(), `${file}: line ${index + 1}`] as const)
    .filter(([line]) => line !== '')
    .map(([line, at]) => recordOf(line, at))
  if (records.length === 0)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: file,
      message: 'holds no request',
      accepted: 'a JSON object in each line',
    })
  const start = Math.min(...records.map((record) => record.arrivalSeconds))
  return records
    .map((record) => ({
      ...record,
      arrivalSeconds: record.arrivalSeconds - start,
      startSeconds: (record.startSeconds ?? start) - start,
      firstTokenSeconds: record.firstTokenSeconds - start,
      finishSeconds: record.finishSeconds - start,
    }))
    .toSorted((a, b) => a.arrivalSeconds - b.arrivalSeconds)
}

function recordOf(line: string, at: string): RequestRecord {
  let raw: unknown
  try {
    raw = JSON.parse(line)
  } catch {
    throw invalid(at, 'is no JSON', line)
  }
  const parsed = LogLine.safeParse(raw)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = issue?.path.join('.') ?? ''
    throw invalid(field === '' ? at : `${at}: ${field}`, issue?.message ?? 'is invalid', undefined)
  }
  const { data } = parsed
  const times = [data.queued_ts, data.scheduled_ts, data.first_token_ts, data.last_token_ts]
  if (times.some((time, index) => index > 0 && time < times[index - 1]!))
    throw invalid(at, 'has times that run backwards', times)
  return {
    arrivalSeconds: data.queued_ts,
    startSeconds: data.scheduled_ts,
    firstTokenSeconds: data.first_token_ts,
    finishSeconds: data.last_token_ts,
    promptTokens: data.input_toks,
    outputTokens: data.output_toks,
  }
}

function invalid(path: string, message: string, given: unknown): SimulatorError {
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path,
    message,
    given,
    accepted: 'input_toks, output_toks, queued_ts, scheduled_ts, first_token_ts, last_token_ts',
  })
}

/** The requests of a log, from the first one. */
export function logSource(log: MeasuredLog): RequestSource {
  let index = 0
  return {
    next(into) {
      const record = log[index]
      if (record === undefined) return false
      index++
      into.arrivalSeconds = record.arrivalSeconds
      into.promptTokens = record.promptTokens
      into.outputTokens = record.outputTokens
      into.sessionId = -1
      into.priority = 0
      return true
    },
  }
}
