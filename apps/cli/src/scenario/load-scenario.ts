import { parseWith } from '@llmsim/catalog'
import { Scenario, SimulatorError } from '@llmsim/contracts'
import { scenarioFlags } from '../flags.js'
import type { Assignment } from './assignment.js'
import {
  assign,
  assignmentsFromFlags,
  assignmentsFromSet,
  isPlainObject,
  type PlainObject,
} from './assignments.js'
import { fieldOrigins, withOrigin, type FieldOrigins } from './field-origins.js'
import { readScenarioFile, type ScenarioFile } from './scenario-file.js'
import { foldersOfTrace } from './trace-place.js'

/** What the command line says about the scenario. */
export interface ScenarioOptions extends Readonly<PlainObject> {
  readonly config?: string
  readonly set?: readonly string[]
}

/** A scenario as it was written: checked field by field, defaults not filled in. */
export interface LoadedScenario {
  readonly scenario: Scenario
  readonly origins: FieldOrigins
  /** Folders that relative paths of the scenario may start from, in this order. */
  readonly folders: readonly string[]
}

/** What a study reads of a scenario beside what a run does. */
export interface StudyParts {
  /** Sections of the file that belong to the study: left out of the scenario. */
  readonly sections?: readonly string[]
  /** Values of its first point: they go over all others. */
  readonly first?: readonly Assignment[]
}

/** Reads the scenario: the file, then the flags over it, then `--set`. */
export function loadScenario(
  options: ScenarioOptions,
  cwd: string,
  { sections = [], first = [] }: StudyParts = {},
): LoadedScenario {
  const file = options.config === undefined ? undefined : readScenarioFile(options.config, cwd)
  const flags = assignmentsFromFlags(options)
  const assignments = [...flags, ...assignmentsFromSet(options.set ?? []), ...first]
  const raw: PlainObject = file === undefined ? {} : structuredClone(file.scenario)
  for (const section of sections) Reflect.deleteProperty(raw, section)
  for (const { source } of flags)
    for (const field of scenarioFlags.find(({ flag }) => flag === source)?.replaces ?? [])
      if (holdsSection(raw, field)) assign(raw, { field, value: null, source })
  for (const assignment of assignments) assign(raw, assignment)
  checkPoolFlags(raw, flags, isPlainObject(file?.scenario.disaggregation))
  if (file?.results !== undefined) dropSizes(raw, assignments)
  const origins = fieldOrigins(file?.scenario, options.config, assignments)
  const replaced = assignments.some(({ field }) => /^workload(\.trace)?$/.test(field))
  try {
    const folders = foldersOf(file, { raw, replaced, name: options.config ?? '' }, cwd)
    if (raw.model === undefined)
      throw new SimulatorError({
        code: 'INVALID_VALUE',
        path: 'model',
        message: 'is required',
        accepted: 'a model (llmsim models lists them, llmsim --help shows all flags)',
      })
    return { scenario: parseWith(Scenario, raw, { path: '' }), origins, folders }
  } catch (error) {
    throw withOrigin(error, origins)
  }
}

/** Where relative paths may start from; of the trace that results were made of it is known which it is. */
function foldersOf(
  file: ScenarioFile | undefined,
  read: { readonly raw: PlainObject; readonly replaced: boolean; readonly name: string },
  cwd: string,
): readonly string[] {
  if (file === undefined) return [cwd]
  const { folder, results } = file
  const folders = [
    ...new Set([...(results === undefined ? [] : [results.realFolder]), folder, cwd]),
  ]
  const trace = isPlainObject(read.raw.workload) ? read.raw.workload.trace : undefined
  if (results === undefined || read.replaced || typeof trace !== 'string') return folders
  return foldersOfTrace({ trace, sha256: results.traceHash, results: read.name }, folders)
}

/** Flags of the pools say nothing as long as there are none. */
function checkPoolFlags(raw: PlainObject, flags: readonly Assignment[], inFile: boolean): void {
  const pools = raw.disaggregation
  const lone = flags.find(({ field }) => field.startsWith('disaggregation.'))
  if (lone === undefined || !isPlainObject(pools)) return
  if (pools.enabled === true || (pools.enabled === undefined && inFile)) return
  throw new SimulatorError({
    code: 'CONFLICT',
    path: lone.source,
    message: 'sets a pool of disaggregated serving, which is off',
    accepted: '--disaggregated beside it',
  })
}

/** Replicas and nodes that results filled in say nothing of pools that now have devices of their own. */
function dropSizes(raw: PlainObject, assignments: readonly Assignment[]): void {
  const pools = raw.disaggregation
  if (!isPlainObject(pools) || pools.enabled === false) return
  for (const pool of [pools.prefill, pools.decode])
    if (!isPlainObject(pool) || pool.n_xpus === undefined) return
  for (const name of ['parallelism.data_parallel_size', 'cluster.n_nodes'])
    if (holdsSection(raw, name) && !assignments.some(({ field }) => field === name))
      assign(raw, { field: name, value: null, source: '' })
}

/** Whether the section of a field is there to take the field out of. */
function holdsSection(raw: PlainObject, field: string): boolean {
  const section = raw[field.split('.')[0] ?? '']
  return typeof section === 'object' && section !== null && !Array.isArray(section)
}
