import { SimulatorError } from '@llmsim/contracts'

const carriageReturn = 13
const byteOrderMark = 0xfeff
/** Longest line in characters: memory is bounded by it. */
const lineLimit = 100_000_000

/** The next piece of a text; undefined at its end. Pieces may end anywhere. */
export type TextChunks = () => string | undefined

/** A text that is already in memory, as one piece. */
export function wholeText(text: string): TextChunks {
  let given = false
  return () => {
    if (given) return undefined
    given = true
    return text
  }
}

/** Walks over the lines of a text that comes in pieces, passing over blank ones. */
export class TextLines {
  /** Holds the current line, from `start` to `end`. */
  text = ''
  start = 0
  end = 0
  /** Number of the current line, from 1. */
  line = 0
  /** Number of the first blank line between the current line and the one before; 0: none. */
  blank = 0
  private position = 0
  private lines = 0
  private more = true
  private first = true

  /** @param path the name of the file, for errors. */
  constructor(
    private readonly chunks: TextChunks,
    readonly path: string,
  ) {}

  /**
   * Moves to the next line that is not empty; false at the end of the text.
   *
   * @throws SimulatorError FILE for a line of more than 100 million characters.
   */
  next(): boolean {
    this.blank = 0
    for (;;) {
      const start = this.position
      let end = this.text.indexOf('\n', start)
      if (end < 0) {
        if (this.more) {
          end = this.fill()
        } else {
          end = this.text.length
          if (start >= end) return false
        }
        if (end < 0) continue
      }
      this.lines++
      const from = this.position
      this.position = end + 1
      if (end > from && this.text.charCodeAt(end - 1) === carriageReturn) end--
      if (end === from) {
        if (this.blank === 0) this.blank = this.lines
        continue
      }
      this.start = from
      this.end = end
      this.line = this.lines
      return true
    }
  }

  /** The current line. */
  current(): string {
    return this.text.slice(this.start, this.end)
  }

  /** Everything from the current line on, with its line ends; the lines then end. */
  rest(limit: number): string {
    const parts = [this.text.slice(this.start)]
    let size = parts[0]!.length
    for (let chunk = this.chunks(); this.more && chunk !== undefined; chunk = this.chunks()) {
      parts.push(chunk)
      size += chunk.length
      if (size > limit) throw this.tooLong(limit)
    }
    this.more = false
    this.text = ''
    this.position = 0
    return parts.join('')
  }

  /** Takes in pieces until there is a line end, and returns its place; -1 when none is left. */
  private fill(): number {
    const parts = [this.text.slice(this.position)]
    let size = parts[0]!.length
    this.position = 0
    for (;;) {
      let chunk = this.chunks()
      if (chunk === undefined) {
        this.more = false
        this.text = parts.join('')
        return -1
      }
      if (this.first && chunk !== '') {
        this.first = false
        if (chunk.charCodeAt(0) === byteOrderMark) chunk = chunk.slice(1)
      }
      const found = chunk.indexOf('\n')
      parts.push(chunk)
      if (found >= 0) {
        this.text = parts.join('')
        return size + found
      }
      size += chunk.length
      if (size > lineLimit) throw this.tooLong(lineLimit)
    }
  }

  private tooLong(limit: number): SimulatorError {
    return new SimulatorError({
      code: 'FILE',
      path: `${this.path}:${this.lines + 1}`,
      message: `is longer than ${limit} characters`,
      accepted: 'a shorter line or document',
    })
  }
}
