import { SimulatorError } from '@llmsim/contracts'

const quote = 34
const comma = 44
const newline = 10
const carriageReturn = 13
/** Most cells of a line: a file with more is no trace. */
const cellLimit = 1000

/**
 * Walks over comma-separated text line by line (RFC 4180, without line breaks inside quotes),
 * keeping only the bounds of the cells of the current line.
 */
export class CsvReader {
  /** Number of the current line, from 1. */
  line = 0
  /** Number of cells of the current line. */
  cells = 0
  private position: number
  private readonly starts: number[] = []
  private readonly ends: number[] = []

  /** @param path the name of the file, for errors. */
  constructor(
    private readonly text: string,
    private readonly path: string,
  ) {
    this.position = text.charCodeAt(0) === 0xfeff ? 1 : 0
  }

  /**
   * Moves to the next line; false at the end of the text. Blank lines at its end do not count.
   *
   * @throws SimulatorError FILE for a quote that is not closed, or more than 1000 cells.
   */
  next(): boolean {
    const { text } = this
    if (this.position >= text.length) return false
    let end = text.indexOf('\n', this.position)
    if (end < 0) end = text.length
    const start = this.position
    this.position = end + 1
    if (end > start && text.charCodeAt(end - 1) === carriageReturn) end--
    if (end === start && this.onlyBlankLinesLeft()) return false
    this.line++
    this.split(start, end)
    return true
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

  private onlyBlankLinesLeft(): boolean {
    for (let i = this.position; i < this.text.length; i++) {
      const code = this.text.charCodeAt(i)
      if (code !== newline && code !== carriageReturn) return false
    }
    return true
  }

  private split(start: number, end: number): void {
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

  private error(message: string, accepted: string): SimulatorError {
    return new SimulatorError({
      code: 'FILE',
      path: `${this.path}:${this.line}`,
      message,
      accepted,
    })
  }
}
