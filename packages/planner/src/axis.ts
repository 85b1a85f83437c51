import { SimulatorError } from '@llmsim/contracts'

/** One field that a sweep varies, and the values that it takes. */
export interface Axis {
  /** What is varied: a dotted path, or whatever the evaluation understands. */
  readonly field: string
  /** Every value, in order; absent for a range without a step, which is only sampled. */
  readonly values?: readonly unknown[]
  /** The ends of a range without a step, both included. */
  readonly range?: readonly [low: number, high: number]
}

/** One value for each axis, in the order of the axes. */
export type Assignment = readonly unknown[]

/** Values of one axis at most: more is a slip of the keyboard. */
const mostValues = 100_000

const number = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`
const rangeText = new RegExp(`^(${number})\\.\\.(${number})(?::(\\*?)(${number}))?$`, 'i')

/**
 * What `field=v1,v2,…`, `field=low..high:step`, `field=low..high:*factor` or `field=low..high` says.
 * A value is JSON, or else text; commas inside brackets and quotes are part of one.
 *
 * @param path the flag or field to blame.
 * @throws SimulatorError INVALID_VALUE
 */
export function parseAxis(text: string, path: string): Axis {
  const split = text.indexOf('=')
  const field = text.slice(0, split).trim()
  if (split <= 0 || field === '' || text.slice(split + 1).trim() === '')
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path,
      message: 'does not name a field and its values',
      given: text,
      accepted: 'field=v1,v2 or field=low..high:step, such as workload.arrival_rate=1..10:0.5',
    })
  return axisOf(field, text.slice(split + 1).trim(), path)
}

/** The axis of a field whose values are listed, or are text as `parseAxis` takes it after the `=`. */
export function axisOf(field: string, values: string | readonly unknown[], path: string): Axis {
  if (typeof values !== 'string') {
    if (values.length === 0) throw refusal(path, values, 'has no values', 'at least one value')
    return { field, values: [...values] }
  }
  const found = rangeText.exec(values)
  if (found === null) return { field, values: listed(values).map(parsed) }
  const [, low, high, times, step] = found
  return range(field, { low: Number(low), high: Number(high), times: times === '*', step }, path)
}

interface Range {
  readonly low: number
  readonly high: number
  readonly times: boolean
  readonly step: string | undefined
}

function range(field: string, { low, high, times, step }: Range, path: string): Axis {
  const given = `${low}..${high}${step === undefined ? '' : `:${times ? '*' : ''}${step}`}`
  if (!(low <= high)) throw refusal(path, given, 'ends before it starts', 'low..high')
  if (step === undefined) return { field, range: [low, high] }
  const by = Number(step)
  if (times ? !(by > 1 && low > 0) : !(by > 0))
    throw refusal(
      path,
      given,
      'never ends',
      times ? 'a factor above 1, from a low above 0' : 'a step above 0',
    )
  const count = times
    ? Math.floor(Math.log(high / low) / Math.log(by) + 1e-9)
    : Math.floor((high - low) / by + 1e-9)
  if (count >= mostValues)
    throw refusal(path, given, 'has too many values', `at most ${mostValues}`)
  const values = Array.from({ length: count + 1 }, (_, index) =>
    plain(times ? low * by ** index : low + index * by),
  )
  return { field, values }
}

/** Without the digits that only rounding put there: 0.3, not 0.30000000000000004. */
function plain(value: number): number {
  return Number(value.toPrecision(12))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** Parts between commas that are inside no brackets and no quotes. */
function listed(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let quoted = false
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const mark = text[at]
    if (quoted && mark === '\\') at++
    else if (mark === '"') quoted = !quoted
    else if (quoted) continue
    else if (mark === '[' || mark === '{') depth++
    else if (mark === ']' || mark === '}') depth--
    else if (mark === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim())
      start = at + 1
    }
  }
  parts.push(text.slice(start).trim())
  return parts
}

function refusal(path: string, given: unknown, message: string, accepted: string): SimulatorError {
  return new SimulatorError({ code: 'INVALID_VALUE', path, message, given, accepted })
}
