import { SimulatorError } from '@llmsim/contracts'
import { fileError, readNumber, readTokens, tokensAccepted, valueError } from './trace-values.js'

/** An object of a file, read key by key; errors name the file, the line and the key. */
export class TraceRecord {
  constructor(
    readonly values: Readonly<Record<string, unknown>>,
    readonly path: string,
    readonly line: number,
    /** Path of the object within the line's, with a dot at its end. */
    private readonly prefix: string = '',
  ) {}

  /** Whether the key is there, with something other than null. */
  has(key: string): boolean {
    const value = this.values[key]
    return value !== undefined && value !== null
  }

  /** A value as text; empty when absent. */
  text(key: string): string {
    const value = this.values[key]
    if (value === undefined || value === null) return ''
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
      return String(value)
    if (isDate(value)) return value.toISOString()
    throw this.wrong(key, 'text or a number')
  }

  number(key: string): number {
    const value = this.values[key]
    if (typeof value === 'number' && Number.isFinite(value)) return value
    const number = readNumber(this.text(key))
    if (Number.isFinite(number)) return number
    throw this.wrong(key, 'a number')
  }

  /** Seconds from 0 up. */
  seconds(key: string, unitsPerSecond = 1): number {
    const seconds = this.number(key) / unitsPerSecond
    if (seconds >= 0 && seconds <= 1e15) return seconds
    throw this.wrong(key, 'a time from 0 up')
  }

  /** What a reader of times makes of the text. */
  time(key: string, read: (text: string) => number, accepted: string): number {
    const seconds = read(this.text(key))
    if (!Number.isNaN(seconds)) return seconds
    throw this.wrong(key, accepted)
  }

  /** A count of tokens, `least` or more. */
  tokens(key: string, least: number): number {
    const tokens = readTokens(this.text(key))
    if (tokens >= least) return tokens
    throw this.wrong(key, tokensAccepted)
  }

  /** A list; empty when absent. */
  list(key: string): readonly unknown[] {
    const value = this.values[key]
    if (value === undefined || value === null) return []
    if (Array.isArray(value)) return value
    throw this.wrong(key, 'a list')
  }

  /**
   * The ids of a prompt's blocks; undefined where there are none.
   *
   * @param accepts - how many there may be, in words, if so many will not do; by default any number will
   */
  blockIds(
    key: string,
    accepts?: (count: number) => string | undefined,
  ): readonly unknown[] | undefined {
    if (!this.has(key)) return undefined
    const ids = this.list(key)
    const bad = ids.findIndex((id) => !isBlockId(id))
    if (bad >= 0)
      throw new SimulatorError({
        code: 'INVALID_VALUE',
        path: `${this.path}:${this.line}:${this.prefix}${key}[${bad}]`,
        message: 'is no id of a block',
        given: ids[bad],
        accepted: 'a whole number from 0 up',
      })
    const accepted = ids.length === 0 ? undefined : accepts?.(ids.length)
    if (accepted !== undefined)
      throw new SimulatorError({
        code: 'INVALID_VALUE',
        path: `${this.path}:${this.line}:${this.prefix}${key}`,
        message: 'has another number of ids than the prompt has blocks',
        given: ids.length,
        accepted,
      })
    return ids
  }

  /** The objects of a list. */
  records(key: string): TraceRecord[] {
    return this.list(key).map((value, index) => {
      const at = `${this.prefix}${key}[${index}]`
      if (isRecord(value)) return new TraceRecord(value, this.path, this.line, `${at}.`)
      throw fileError(`${this.path}:${this.line}:${at}`, 'is not an object', 'an object')
    })
  }

  private wrong(key: string, accepted: string): SimulatorError {
    const value = this.values[key]
    const text =
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? String(value)
        : Array.isArray(value)
          ? '[...]'
          : isRecord(value)
            ? '{...}'
            : ''
    return valueError(this.path, this.line, `${this.prefix}${key}`, text, accepted)
  }
}

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isDate(value: unknown): value is { toISOString(): string } {
  return (
    Object.prototype.toString.call(value) === '[object Date]' &&
    !Number.isNaN((value as { getTime(): number }).getTime())
  )
}

/** Whole numbers, as a number or as text; the parts of larger blocks, and those of a session, have two. */
function isBlockId(id: unknown): boolean {
  if (typeof id === 'string') return /^\d+(?:[.:]\d+)*$/.test(id)
  return (Number.isInteger(id) && (id as number) >= 0) || (typeof id === 'bigint' && id >= 0n)
}
