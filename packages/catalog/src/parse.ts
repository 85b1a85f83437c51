import type { ErrorCode, ErrorDetails } from '@llmsim/contracts'
import { nearNames, SimulatorError } from '@llmsim/contracts'
import type { z } from 'zod'
import { acceptedBy, oneOf } from './accepted-values.js'
import { fieldPath, prototypeKey, valueAt } from './field-path.js'
import type { AnySchema } from './schema-at.js'
import { branchFor, definition, fieldNames, schemaAt, unwrap } from './schema-at.js'

export interface ParseOptions {
  /** Path of the value within what the reader wrote: `cluster`, a flag, or empty for the whole. */
  readonly path: string
  /** Where the value was read from (a file name), for the message. */
  readonly origin?: string
}

type Issue = z.core.$ZodIssue

/** A failed value: the schema that refused it and where, below `base`, the fault lies. */
interface Failure {
  readonly base: readonly PropertyKey[]
  readonly schema: AnySchema
  readonly value: unknown
  readonly issue: Issue
}

/**
 * Checks a value against a schema and returns what the schema makes of it, defaults filled in.
 *
 * Throws `SimulatorError` for the first thing at fault: `UNKNOWN_FIELD` for a field that the schema
 * does not have, `INVALID_VALUE` for anything else, or the code that a refinement's `params.code`
 * names. Its path is dotted, with list positions in brackets: `requests[3].prompt_tokens`.
 */
export function parseWith<T>(
  schema: z.core.$ZodType<T> & { safeParse: z.ZodType<T>['safeParse'] },
  value: unknown,
  options: ParseOptions,
): T {
  const hidden = prototypeKey(value)
  if (hidden !== undefined) throw refusal(unknownField(schema, value, hidden), options)
  // Silent default messages: what is left is what a schema's author wrote.
  const result = schema.safeParse(value, { error: () => '' })
  if (result.success) return result.data
  const issue = mostTelling(result.error.issues)
  if (issue === undefined)
    throw refusal({ code: 'INVALID_VALUE', keys: [], message: 'is not valid' }, options)
  throw refusal(explain(innermost({ base: [], schema, value, issue })), options)
}

/** Error details whose path is still a list of keys. */
type Finding = Omit<ErrorDetails, 'path'> & { readonly keys: readonly PropertyKey[] }

function refusal({ keys, message, ...details }: Finding, options: ParseOptions): SimulatorError {
  return new SimulatorError({
    ...details,
    path: fieldPath(options.path, keys),
    message: options.origin === undefined ? message : `${message} (in ${options.origin})`,
  })
}

/** The first issue, except that a mistyped field explains the missing one beside it. */
function mostTelling(issues: readonly Issue[]): Issue | undefined {
  const [first] = issues
  if (first === undefined || first.code === 'unrecognized_keys') return first
  const parent = fieldPath('', first.path.slice(0, -1))
  const typo = issues.find(
    (issue) => issue.code === 'unrecognized_keys' && fieldPath('', issue.path) === parent,
  )
  return typo ?? first
}

/** Follows a union's failure into the branch that the value was most likely meant for. */
function innermost(failure: Failure): Failure {
  const { base, schema, value, issue } = failure
  if (issue.code !== 'invalid_union') return failure
  const at = schemaAt(schema, value, issue.path)
  const def = at === undefined ? undefined : definition(unwrap(at))
  if (def?.type !== 'union') return failure
  const branches = issue.errors
    .map((issues, index) => ({ issue: mostTelling(issues), issues, option: def.options[index] }))
    .filter(({ issues }) => !issues.every(isWrongKind))
    .sort((a, b) => a.issues.length - b.issues.length)
  const [best] = branches
  if (best?.option === undefined || best.issue === undefined) return failure
  const deeper = best.issue.path.length > 0 || best.issue.code === 'unrecognized_keys'
  // A value that is merely out of range hears of every branch: `a positive number, or auto`.
  if (!deeper) return failure
  return innermost({
    base: [...base, ...issue.path],
    schema: best.option,
    value: valueAt(value, issue.path),
    issue: best.issue,
  })
}

/** Whether a branch refused the value itself, as of a wholly different kind. */
function isWrongKind(issue: Issue): boolean {
  return (
    issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')
  )
}

function explain({ base, schema, value, issue }: Failure): Finding {
  const keys = [...base, ...issue.path]
  const given = valueAt(value, issue.path)
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    const finding = unknownField(schema, value, [...issue.path, key])
    return { ...finding, keys: [...base, ...finding.keys] }
  }
  if (issue.code === 'custom') return { ...customRule(issue), keys, ...present(given) }
  if (issue.code === 'invalid_key')
    return { code: 'INVALID_VALUE', keys, message: 'is not an accepted name', ...wordsOf(issue) }

  const at = schemaAt(schema, value, issue.path)
  const values = choices(issue)
  const words = at && acceptedBy(at)
  const accepted =
    values !== undefined
      ? oneOf(values)
      : (ownWords(issue) ?? (words && `${words}${exactLimit(issue)}`))
  const nearest = typeof given === 'string' && values !== undefined ? near(given, values) : []
  return {
    code: 'INVALID_VALUE',
    keys,
    message: wrongness(issue, given),
    ...present(given),
    ...(accepted === undefined ? {} : { accepted }),
    ...(nearest.length > 0 ? { nearest } : {}),
  }
}

function unknownField(schema: AnySchema, value: unknown, keys: readonly PropertyKey[]): Finding {
  const parent = keys.slice(0, -1)
  const key = String(keys.at(-1))
  const at = schemaAt(schema, value, parent)
  const fields = at === undefined ? [] : fieldNames(branchFor(at, valueAt(value, parent)))
  const nearest = nearNames(key, fields)
  return {
    code: 'UNKNOWN_FIELD',
    keys,
    message: 'unknown field',
    ...(nearest.length > 0 ? { nearest } : {}),
    ...(fields.length > 0 ? { accepted: oneOf(fields) } : {}),
  }
}

/** A refinement's message; its `params` may give the error's `code` and what is `accepted`. */
function customRule({ message, params }: z.core.$ZodIssueCustom): Omit<Finding, 'keys'> {
  const code = params?.code as ErrorCode | undefined
  const accepted = params?.accepted as string | undefined
  return {
    code: code ?? 'INVALID_VALUE',
    message: message === '' ? 'is not valid' : message,
    ...(accepted === undefined ? {} : { accepted }),
  }
}

/** What a schema's author, or its pattern, says of an accepted value. */
function ownWords(issue: Issue): string | undefined {
  if (issue.message !== '') return issue.message
  if (issue.code !== 'invalid_format' || issue.format !== 'regex') return undefined
  return `text that matches ${String(issue.pattern)}`
}

/** The limit of numbers that are exact, which goes without saying until a number is beyond it. */
function exactLimit(issue: Issue): string {
  const most = Number.MAX_SAFE_INTEGER
  if (issue.code === 'too_big' && Number(issue.maximum) === most) return `, at most ${most}`
  if (issue.code === 'too_small' && Number(issue.minimum) === -most) return `, at least ${-most}`
  return ''
}

/** The values that would have been accepted, where the issue lists them. */
function choices(issue: Issue): readonly unknown[] | undefined {
  if (issue.code === 'invalid_value') return issue.values
  if (issue.code === 'invalid_union' && 'options' in issue) return issue.options
  return undefined
}

function near(given: string, values: readonly unknown[]): string[] {
  return nearNames(
    given,
    values.filter((value) => typeof value === 'string'),
  )
}

function wordsOf(issue: z.core.$ZodIssueInvalidKey): { accepted?: string } {
  const [inner] = issue.issues
  if (inner === undefined) return {}
  const values = choices(inner)
  if (values !== undefined) return { accepted: oneOf(values) }
  return inner.message === '' ? {} : { accepted: inner.message }
}

function present(given: unknown): { given?: unknown } {
  return given === undefined ? {} : { given }
}

const kinds: Readonly<Record<string, string>> = {
  int: 'is not a whole number',
  number: 'is not a number',
  string: 'is not text',
  boolean: 'is not true or false',
  array: 'is not a list',
  tuple: 'is not a list',
  object: 'is not an object',
  record: 'is not an object',
}

function wrongness(issue: Issue, given: unknown): string {
  if (given === undefined) return 'is required'
  if (typeof given === 'number' && !Number.isFinite(given)) return 'is not a finite number'
  switch (issue.code) {
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int' ? 'is too small' : 'is too short'
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int' ? 'is too large' : 'is too long'
    case 'invalid_value':
      return 'is not one of the accepted values'
    case 'invalid_format':
      return 'has the wrong form'
    case 'not_multiple_of':
      return 'is not a multiple of the step'
    case 'invalid_type':
      return kinds[issue.expected] ?? 'is of the wrong type'
    default:
      return 'is not accepted'
  }
}
