import { isAscii } from 'node:buffer'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { isSimulatorError, type SimulatorError } from '@llmsim/contracts'
import { Gunzip } from 'fflate'
import { crc32 } from 'node:zlib'
import { type TextChunks } from '../text-lines.js'
import { fileError } from '../trace-values.js'

/** Bytes that are read at a time. */
const chunkSize = 1 << 18
/** Bytes of gzip at a time: they may stand for a thousand times as many. */
const packedChunkSize = 1 << 16

/** The bytes of a file in pieces; undefined at its end. */
type ByteChunks = () => Uint8Array | undefined

/** A trace file, read piece by piece and as often as wanted. */
export interface TraceFile {
  readonly path: string
  /** The first bytes, as they are in the file. */
  readonly head: Uint8Array
  readonly size: number
  /** The text from its start, unpacked. */
  text(): TextChunks
  /** Bytes at a place of the file. */
  slice(start: number, end: number): Uint8Array
}

/**
 * Looks at a file.
 *
 * @throws SimulatorError FILE when it is missing, a folder or may not be read.
 */
export function traceFile(path: string): TraceFile {
  try {
    const status = statSync(path)
    if (!status.isFile() && !status.isFIFO())
      throw fileError(path, 'is not a regular file', 'a trace file')
    // A pipe can be read once only.
    const whole = status.isFile() ? undefined : readFileSync(path)
    const slice = (start: number, end: number): Uint8Array =>
      whole === undefined ? readAt(path, start, end - start) : whole.subarray(start, end)
    const head = slice(0, 4096)
    const packed = head[0] === 0x1f && head[1] === 0x8b
    const size = whole?.length ?? status.size
    return {
      path,
      head,
      size,
      slice,
      text: () => {
        const bytes = byteChunks(slice, path, packed ? packedChunkSize : chunkSize)
        return textChunks(packed ? unpacked(bytes, path) : bytes, path)
      },
    }
  } catch (error) {
    if (isSimulatorError(error)) throw error
    throw unreadable(path, error)
  }
}

/** An error of the file system in the words of a user. */
export function unreadable(path: string, error: unknown): SimulatorError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const message =
    code === 'ENOENT' || code === 'ENOTDIR'
      ? 'does not exist'
      : code === 'EACCES' || code === 'EPERM'
        ? 'may not be read'
        : `cannot be read (${error instanceof Error ? error.message : String(error)})`
  return fileError(path, message, 'a readable trace file')
}

/** Opens the file for each piece: a source that is left before its end holds nothing open. */
function readAt(path: string, start: number, length: number): Uint8Array {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    const bytes = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const count = readSync(descriptor, bytes, filled, length - filled, start + filled)
      if (count === 0) break
      filled += count
    }
    return bytes.subarray(0, filled)
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function byteChunks(
  slice: (start: number, end: number) => Uint8Array,
  path: string,
  size: number,
): ByteChunks {
  let at = 0
  let ended = false
  return () => {
    if (ended) return undefined
    const bytes = slice(at, at + size)
    at += bytes.length
    ended = bytes.length === 0
    return ended ? undefined : bytes
  }
}

/**
 * Unpacks gzip without waiting, as zlib's streams in Node do. The checksum and the size of the last
 * member are compared: a file that was cut short gives an error, and not fewer requests.
 */
function unpacked(bytes: ByteChunks, path: string): ByteChunks {
  let pieces: Uint8Array[] = []
  let ended = false
  let checksum = 0
  let size = 0
  let trailer: Uint8Array = new Uint8Array(0)
  const gunzip = new Gunzip((data) => {
    if (data.length === 0) return
    pieces.push(data)
    checksum = crc32(data, checksum)
    size += data.length
  })
  gunzip.onmember = () => {
    checksum = 0
    size = 0
  }
  const broken = (): SimulatorError =>
    fileError(path, 'is not a whole gzip file', 'gzip or plain text')
  let ahead = bytes()
  return () => {
    while (pieces.length === 0 && !ended) {
      const given = ahead ?? new Uint8Array(0)
      trailer = Buffer.concat([trailer, given.subarray(-8)]).subarray(-8)
      ahead = bytes()
      ended = ahead === undefined
      try {
        gunzip.push(given, ended)
      } catch {
        throw broken()
      }
      if (!ended) continue
      const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.length)
      if (trailer.length < 8 || view.getUint32(0, true) !== checksum >>> 0) throw broken()
      if (view.getUint32(4, true) !== size % 4_294_967_296) throw broken()
    }
    if (pieces.length === 0) return undefined
    const whole = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)
    pieces = []
    return whole
  }
}

function textChunks(bytes: ByteChunks, path: string): TextChunks {
  let decoder: InstanceType<typeof TextDecoder> | undefined
  let ended = false
  return () => {
    if (ended) return undefined
    const chunk = bytes()
    ended = chunk === undefined
    try {
      if (chunk === undefined) return decoder?.decode()
      if (decoder === undefined) {
        if (isAscii(chunk)) return latin1(chunk)
        decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      }
      return decoder.decode(chunk, { stream: true })
    } catch (error) {
      if (isSimulatorError(error)) throw error
      throw fileError(path, 'is not UTF-8 text', 'a trace in UTF-8, or packed with gzip')
    }
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
