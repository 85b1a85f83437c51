import { isSimulatorError, SimulatorError } from '@llmsim/contracts'
import { scenarioFlags } from '../flags.js'
import type { Assignment } from './assignment.js'
import { isPlainObject, type PlainObject } from './assignments.js'

/** Where the value of a field was written: a flag, `--set`, or a file. */
export type FieldOrigins = (field: string) => string | undefined

/** Origins of the fields of a scenario that was read from `file`, then overridden. */
export function fieldOrigins(
  written: PlainObject | undefined,
  file: string | undefined,
  assignments: readonly Assignment[],
): FieldOrigins {
  const sources = new Map(assignments.map(({ field, source }) => [field, source]))
  return (field) => {
    for (let path = field; path !== ''; path = parentOf(path)) {
      const source = sources.get(path)
      if (source !== undefined) return source
      if (written !== undefined && holds(written, path)) return file
    }
    return scenarioFlags.find((row) => row.field === field)?.flag
  }
}

/** A caught error; one about a field comes with the field's origin in its path. */
export function withOrigin(error: unknown, origins: FieldOrigins): unknown {
  if (!isSimulatorError(error)) return error
  const origin = origins(error.path)
  // What has an origin already is left as it is.
  if (origin === undefined || error.path.includes('(') || error.path.includes(origin)) return error
  return withPath(error, error.path === '' ? origin : `${error.path} (${origin})`)
}

/** The same error at another path. */
export function withPath(error: SimulatorError, path: string): SimulatorError {
  const moved = new SimulatorError({
    code: error.code,
    path,
    message: sentenceOf(error),
    ...(error.given === undefined ? {} : { given: error.given }),
    ...(error.accepted === undefined ? {} : { accepted: error.accepted }),
    nearest: error.nearest,
  })
  if (error.cause !== undefined) moved.cause = error.cause
  return moved
}

/** The sentence that says what was wrong, without path, value and hints. */
export function sentenceOf(error: SimulatorError): string {
  const start = error.path === '' ? 0 : error.path.length + 2
  let text = error.message.slice(start)
  const cut = (marker: string): void => {
    const at = text.lastIndexOf(marker)
    if (at > 0) text = text.slice(0, at)
  }
  if (error.nearest.length > 0) cut('; did you mean ')
  if (error.accepted !== undefined) cut(`; accepted: ${error.accepted}`)
  if (error.given !== undefined) cut('; given ')
  return text
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')))
}

function holds(object: PlainObject, path: string): boolean {
  let current: unknown = object
  for (const key of path.split('.')) {
    if (!isPlainObject(current) || !Object.hasOwn(current, key)) return false
    current = current[key]
  }
  return true
}
