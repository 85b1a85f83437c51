import { SimulatorError } from '@llmsim/contracts'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { forbiddenKeys, isPlainObject, type PlainObject } from './assignments.js'

/** What a results file says beside its scenario. */
interface ResultsFile {
  /** SHA-256 of the trace that it was made of. */
  readonly traceHash: string | undefined
  /** Its folder, links followed. */
  readonly realFolder: string
}

/** What a scenario file holds, before any check against the schema. */
export interface ScenarioFile {
  readonly scenario: PlainObject
  /** Folder that its relative paths start from. */
  readonly folder: string
  /** Absent: it is a scenario, and not results. */
  readonly results?: ResultsFile
}

const largestBytes = 64 * 2 ** 20
const deepest = 64

/**
 * Reads a scenario, in JSON or YAML, or the scenario that a results file carries.
 *
 * Throws `SimulatorError` `FILE` at `file` when it cannot be read or parsed.
 */
export function readScenarioFile(file: string, cwd: string): ScenarioFile {
  const absolute = path.resolve(cwd, file)
  const value = parseText(readText(absolute, file), file)
  if (!isPlainObject(value))
    throw fileError(file, 'holds no scenario', 'an object with the fields of a scenario')
  const isResults = isPlainObject(value.scenario) && !Object.hasOwn(value, 'model')
  const scenario = isResults ? (value.scenario as PlainObject) : value
  dropEmptySections(scenario)
  return {
    scenario,
    folder: path.dirname(absolute),
    ...(isResults ? { results: resultsOf(value, absolute) } : {}),
  }
}

function resultsOf(value: PlainObject, absolute: string): ResultsFile {
  const { trace_sha256: hash } = value
  return {
    traceHash: typeof hash === 'string' ? hash : undefined,
    realFolder: path.dirname(realpathSync(absolute)),
  }
}

/** Fields that hold fields, outer ones first. */
export const sections: readonly string[] = [
  ...[
    'workload',
    'cluster',
    'parallelism',
    'scheduler',
    'router',
    'cost_model',
    'engine',
    'slo',
    'faults',
  ],
  ...[
    'engine.speculative',
    'engine.lora',
    'workload.sessions',
    'workload.adapters',
    'workload.images',
  ],
  ...['ttft', 'tpot', 'e2e'].map((metric) => `slo.${metric}_percentiles_ms`),
  ...['cluster.interconnect', 'scheduler.options', 'router.options', 'cost_model.options'],
  ...['workload.client', 'admission', 'admission.options', 'decider', 'decider.options'],
  ...['disaggregation', 'encode'],
  ...['pool_router', 'pool_router.options', 'kv_transfer', 'kv_transfer.topology', 'autoscaling'],
  ...['disaggregation.prefill', 'disaggregation.decode'].flatMap((pool) => [
    pool,
    ...['interconnect', 'scheduler', 'router', 'autoscaling'].map((inner) => `${pool}.${inner}`),
    ...['scheduler.options', 'router.options'].map((inner) => `${pool}.${inner}`),
  ]),
]

/** Takes out sections of which only the heading was written: `slo:` in YAML is null. */
function dropEmptySections(scenario: PlainObject): void {
  for (const field of sections) {
    const keys = field.split('.')
    const last = keys.pop() ?? ''
    let holder: unknown = scenario
    for (const key of keys) holder = isPlainObject(holder) ? holder[key] : undefined
    if (isPlainObject(holder) && holder[last] === null) Reflect.deleteProperty(holder, last)
  }
}

/** A text file's content, without a byte-order mark. Throws `SimulatorError` `FILE` at `label`. */
export function readText(absolute: string, label: string): string {
  try {
    const status = statSync(absolute)
    if (status.isDirectory()) throw fileError(label, 'is a folder', 'a file')
    if (status.size > largestBytes) throw fileError(label, 'is larger than 64 MB', 'a smaller file')
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(absolute))
  } catch (error) {
    if (error instanceof SimulatorError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw fileError(label, 'there is no such file', 'an existing file')
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw fileError(label, 'is not text in UTF-8', 'JSON or YAML')
    throw fileError(label, `cannot be read (${code ?? String(error)})`, 'a readable file')
  }
}

/** Parses JSON or YAML (of which JSON is a part) into plain values. */
export function parseText(text: string, label: string): unknown {
  if (text.trim() === '') throw fileError(label, 'is empty', 'JSON or YAML')
  if (opensTooMuch(text)) throw fileError(label, 'is nested too deeply', `${deepest} levels`)
  const lines = new LineCounter()
  let value: unknown
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      logLevel: 'error',
    })
    const [problem] = document.errors
    if (problem !== undefined) {
      if (problem.code === 'MULTIPLE_DOCS')
        throw fileError(label, 'holds several documents (--- begins one)', 'one document')
      const { line, col } = lines.linePos(problem.pos[0])
      throw fileError(`${label}:${line}:${col}`, firstLine(problem.message), 'valid JSON or YAML')
    }
    value = document.toJS({ maxAliasCount: 100 }) as unknown
  } catch (error) {
    if (error instanceof SimulatorError) throw error
    throw fileError(label, `cannot be parsed (${firstLine(String(error))})`, 'valid JSON or YAML')
  }
  checkKeys(value, label, [])
  return value
}

/** More brackets or dashes in a row than a parser should be sent down: its stack has an end. */
function opensTooMuch(text: string): boolean {
  const most = 1000
  let open = 0
  for (let at = 0; at < text.length && open <= most; at++) {
    const mark = text[at]
    if (mark === '[' || mark === '{') open++
    else if (mark === ']' || mark === '}') open--
  }
  return open > most || text.includes('- '.repeat(most))
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

/** Refuses keys that reach into a prototype, and nesting that no scenario needs. */
function checkKeys(value: unknown, label: string, keys: readonly string[]): void {
  if (typeof value !== 'object' || value === null) return
  if (keys.length > deepest) throw fileError(label, 'is nested too deeply', `${deepest} levels`)
  if (value instanceof Map || value instanceof Set)
    throw fileError(label, `${keys.join('.')} has keys that are not text`, 'keys that are text')
  for (const key of Object.keys(value)) {
    const inner = [...keys, key]
    if (forbiddenKeys.has(key) && !Array.isArray(value))
      throw new SimulatorError({
        code: 'UNKNOWN_FIELD',
        path: inner.join('.'),
        message: `unknown field (in ${label})`,
        accepted: 'the fields of a scenario (llmsim config schema lists them)',
      })
    checkKeys(Object.getOwnPropertyDescriptor(value, key)?.value, label, inner)
  }
}

function fileError(label: string, message: string, accepted: string): SimulatorError {
  return new SimulatorError({ code: 'FILE', path: label, message, accepted })
}
