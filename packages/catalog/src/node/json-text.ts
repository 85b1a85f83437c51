import { SimulatorError } from '@llmsim/contracts'

/**
 * The value that JSON text holds; a byte-order mark is accepted.
 *
 * Throws `SimulatorError` `FILE` with `origin` (the file's name) as its path, naming line and column
 * of the fault, counted from 1.
 */
export function parseJson(text: string, origin: string): unknown {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text
  try {
    return JSON.parse(body)
  } catch {
    const place = faultIn(body)
    const fault = cutOff.test(body.slice(place)) ? body.length : place
    const { line, column } = placeOf(body, fault)
    const ended = fault >= body.trimEnd().length
    throw new SimulatorError({
      code: 'FILE',
      path: origin,
      message: `is not valid JSON at line ${line}, column ${column}${ended ? ': the text ends too early' : ''}`,
      ...(ended ? {} : { given: body.slice(fault, fault + 20) }),
      accepted: 'one JSON value',
    })
  }
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  const start = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - start + 1 }
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// eslint-disable-next-line no-control-regex -- JSON forbids exactly these characters in strings
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
/** A string that the text ends within. */
// eslint-disable-next-line no-control-regex -- JSON forbids exactly these characters in strings
const cutOff = /^"(?:[^"\\\u0000-\u001f]|\\.)*\\?$/
const word = /true|false|null/y
const space = /[ \t\r\n]*/y

/**
 * The offset of the first character that cannot be part of JSON. Engines word their own messages
 * differently and often leave the place out.
 */
function faultIn(text: string): number {
  let at = 0
  let furthest = 0
  const closers: ('}' | ']')[] = []
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    if (!pattern.test(text)) return false
    at = pattern.lastIndex
    return true
  }
  const skip = (): void => {
    take(space)
    furthest = at
  }
  const takeMark = (mark: string): boolean => {
    skip()
    if (text[at] !== mark) return false
    at++
    return true
  }
  /** A key and its colon. */
  const takeKey = (): boolean => {
    skip()
    return take(string) && takeMark(':')
  }
  /** Marks after a value, up to the place of the next one; false at the end or at a fault. */
  const toNextValue = (): boolean => {
    for (;;) {
      const closer = closers.at(-1)
      if (closer === undefined) {
        skip()
        return false
      }
      if (takeMark(closer)) closers.pop()
      else return takeMark(',') && (closer === ']' || takeKey())
    }
  }
  for (;;) {
    if (takeMark('{')) {
      if (takeMark('}')) {
        if (!toNextValue()) return furthest
      } else if (!takeKey()) return furthest
      else closers.push('}')
    } else if (takeMark('[')) {
      if (takeMark(']')) {
        if (!toNextValue()) return furthest
      } else closers.push(']')
    } else if (!take(string) && !take(word) && !take(number)) return furthest
    else if (!toNextValue()) return furthest
  }
}
