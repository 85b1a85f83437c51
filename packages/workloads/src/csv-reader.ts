import { SimulatorError } from '@llmsim/contracts'
import { type TextLines } from './text-lines.js'

const quote = 34
const comma = 44
/** Most cells of a line: a file with more is no trace. */
const cellLimit = 1000

/**
 * Splits the lines of comma-separated text (RFC 4180, without line breaks inside quotes), keeping
 * only the bounds of the cells of the current line.
 */
export class CsvReader {
  /** Number of cells of the current line. */
  cells = 0
  private text = ''
  private readonly starts: number[] = []
  private readonly ends: number[] = []

  constructor(private readonly lines: TextLines) {}

  /** Number of the current line, from 1. */
  get line(): number {
    return this.lines.line
  }

  /**
   * Moves to the next line; false at the end of the text. Blank lines at its end do not count.
   *
   * @throws SimulatorError FILE for a blank line between others, a quote that is not closed, or
   * more than 1000 cells.
   */
  next(): boolean {
    const { lines } = this
    if (!lines.next()) return false
    if (lines.blank > 0) throw this.error('is blank', 'cells as in the header', lines.blank)
    this.split()
    return true
  }

  /** Splits the line that the reader of lines is at. */
  split(): void {
    this.text = this.lines.text
    this.splitBetween(this.lines.start, this.lines.end)
  }

  /** Text of a cell of the current line, without the quotes and the spaces around it. */
  cell(column: number): string {
    const start = this.starts[column]!
    if (this.text.charCodeAt(start) !== quote)
      return this.text.slice(start, this.ends[column]).trim()
    return this.text
      .slice(start + 1, this.ends[column]! - 1)
      .replaceAll('""', '"')
      .trim()
  }

  /** A cell of one to eight decimal digits as a number; -1 for any other. */
  digits(column: number): number {
    const { text } = this
    let start = this.starts[column]!
    let end = this.ends[column]!
    if (text.charCodeAt(start) === quote) {
      start++
      end--
    }
    if (end <= start || end > start + 8) return -1
    let value = 0
    for (let i = start; i < end; i++) {
      const digit = text.charCodeAt(i) - 48
      if (digit < 0 || digit > 9) return -1
      value = value * 10 + digit
    }
    return value
  }

  private splitBetween(start: number, end: number): void {
    const { text, starts, ends } = this
    let cells = 0
    let from = start
    for (;;) {
      let to = from
      if (from < end && text.charCodeAt(from) === quote) {
        to = this.closingQuote(from, end) + 1
        if (to < end && text.charCodeAt(to) !== comma) throw this.badQuote()
      } else while (to < end && text.charCodeAt(to) !== comma) to++
      if (cells === cellLimit)
        throw this.error(`has more than ${cellLimit} cells`, `at most ${cellLimit}`)
      starts[cells] = from
      ends[cells] = to
      cells++
      if (to === end) break
      from = to + 1
    }
    this.cells = cells
  }

  private closingQuote(start: number, end: number): number {
    for (let i = start + 1; i < end; i++) {
      if (this.text.charCodeAt(i) !== quote) continue
      if (i + 1 < end && this.text.charCodeAt(i + 1) === quote) i++
      else return i
    }
    throw this.badQuote()
  }

  private badQuote(): SimulatorError {
    return this.error(
      'has a quote that does not enclose a whole cell',
      'cells without quotes, or wholly in quotes on one line',
    )
  }

  private error(message: string, accepted: string, line = this.line): SimulatorError {
    return new SimulatorError({
      code: 'FILE',
      path: `${this.lines.path}:${line}`,
      message,
      accepted,
    })
  }
}
