import { readFileSync, statSync } from 'node:fs'
import { isSimulatorError, SimulatorError } from '@llmsim/contracts'
import { parseTrace } from '../parse-trace.js'
import { type TraceRows } from '../trace-rows.js'

/** Longest file in bytes: JavaScript strings end a little above. */
const sizeLimit = 500_000_000

/**
 * Reads a trace file in one of the forms of {@link parseTrace}.
 *
 * @throws SimulatorError FILE when the file is missing, a folder, compressed, larger than 500 MB or
 * not UTF-8 text, and what parseTrace throws.
 */
export function readTrace(file: string): TraceRows {
  const bytes = readBytes(file)
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw fileError(file, 'is compressed with gzip', 'the unpacked CSV file')
  return parseTrace(decode(file, bytes), { path: file })
}

function readBytes(file: string): Uint8Array {
  try {
    const status = statSync(file)
    if (status.isDirectory()) throw fileError(file, 'is a folder', 'a CSV file')
    if (!status.isFile() && !status.isFIFO())
      throw fileError(file, 'is not a regular file', 'a CSV file')
    if (status.size > sizeLimit)
      throw fileError(file, `has ${status.size} bytes`, `at most ${sizeLimit}, in parts if need be`)
    return readFileSync(file)
  } catch (error) {
    if (isSimulatorError(error)) throw error
    throw fileError(file, reason(error), 'a readable CSV file')
  }
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw fileError(file, 'is not UTF-8 text', 'a CSV file in UTF-8')
  }
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist'
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read'
  return `cannot be read (${error instanceof Error ? error.message : String(error)})`
}

function fileError(path: string, message: string, accepted: string): SimulatorError {
  return new SimulatorError({ code: 'FILE', path, message, accepted })
}
