import { SimulatorError } from '@llmsim/contracts'

/** The end of a window that has none: later than any request. */
const never = 1e15
const seconds = String.raw`(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)`
const window = new RegExp(`^${seconds}?(?:\\.\\.|:)${seconds}?$`, 'i')

/** What `--window 600..1200` (or `600:1200`) says, in seconds; either end may be left out. Throws `SimulatorError`. */
export function windowSeconds(flag: string, text: string): [from: number, to: number] {
  const found = window.exec(text.trim())
  const from = Number(found?.[1] ?? 0)
  const to = Number(found?.[2] ?? never)
  if (found !== null && to > from) return [from, to]
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: flag,
    message: 'is no window',
    given: text,
    accepted: 'rising seconds, as 600..1200, 600.. or ..1200',
  })
}
