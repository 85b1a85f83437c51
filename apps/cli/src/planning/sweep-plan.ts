import { isSimulatorError, nearNames, Scenario, SimulatorError } from '@llmsim/contracts'
import {
  axisOf,
  crossProduct,
  crossProductSize,
  parseAxis,
  sampledPoints,
  type Assignment,
  type Axis,
  type Sampling,
} from '@llmsim/planner'
import { scenarioFlags } from '../flags.js'
import {
  assign,
  forbiddenKeys,
  isPlainObject,
  parseNumber,
  type PlainObject,
} from '../scenario/assignments.js'
import { oneOf, wholeNumber } from '../commands/option-values.js'
import { withPath } from '../scenario/field-origins.js'

/** What a sweep varies, and how. */
export interface SweepPlan {
  readonly axes: readonly Axis[]
  /** Absent: the cross product. */
  readonly samples?: { readonly count: number; readonly sampling: Sampling; readonly seed: number }
}

export interface SweepPlanOptions {
  readonly vary?: readonly string[]
  readonly samples?: string
  readonly sampling?: string
  readonly samplingSeed?: string
}

/** Points of one sweep at most: more would not end, and not be looked at. */
const mostPoints = 10_000_000

/** The section of a scenario file that holds what `--vary` and its like say. */
const fileFields = ['vary', 'samples', 'sampling', 'sampling_seed']

/** What the flags vary, over what the section `sweep` of a file does. Throws `SimulatorError`. */
export function sweepPlan(options: SweepPlanOptions, inFile: unknown): SweepPlan {
  const file = checkedSection(inFile)
  const axes = [
    ...Object.entries(isPlainObject(file.vary) ? file.vary : {}).map(([field, values]) =>
      axisOf(
        field,
        Array.isArray(values) || typeof values === 'string' ? values : [values],
        `sweep.vary.${field}`,
      ),
    ),
    ...(options.vary ?? []).map((text) => parseAxis(text, '--vary')),
  ].map(namedAxis)
  // A flag replaces what the file says of the same field.
  const last = new Map(axes.map((axis) => [axis.field, axis]))
  const given = [...last.values()]
  if (given.length === 0)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: '--vary',
      message: 'is missing: there is nothing to sweep',
      accepted: '--vary field=v1,v2 or --vary field=low..high:step, such as --vary tp=1,2,4',
    })
  for (const axis of given) checkField(axis.field)
  const count = wholeNumber('--samples', textOf(options.samples ?? file.samples), mostPoints)
  if (count === undefined) {
    if (options.sampling !== undefined)
      throw new SimulatorError({
        code: 'CONFLICT',
        path: '--sampling',
        message: 'says how samples are drawn, and none are',
        accepted: '--samples N beside it',
      })
    checkSize(given)
    return { axes: given }
  }
  const sampling = oneOf('--sampling', textOf(options.sampling ?? file.sampling) ?? 'sobol', [
    'lhs',
    'sobol',
  ])
  const seed = textOf(options.samplingSeed ?? file.sampling_seed)
  return {
    axes: given,
    samples: {
      count,
      sampling,
      seed: seed === undefined ? 0 : parseNumber('--sampling-seed', seed, true),
    },
  }
}

/** How many points a plan has. */
export function pointCount({ axes, samples }: SweepPlan): number {
  return samples?.count ?? crossProductSize(axes)
}

/** The values of each point, in the order of the sweep. */
export function pointsOf({ axes, samples }: SweepPlan): Iterable<Assignment> {
  if (samples === undefined) return crossProduct(axes)
  return sampledPoints(axes, samples.count, samples.sampling, samples.seed)
}

/** A scenario with the values of one point in it. */
export function scenarioAt(
  base: PlainObject,
  axes: readonly Axis[],
  point: Assignment,
): PlainObject {
  const scenario = structuredClone(base)
  for (const [index, { field }] of axes.entries()) {
    const value = point[index]
    for (const other of replacedBy(field))
      assign(scenario, { field: other, value: null, source: '' })
    assign(scenario, { field, value: structuredClone(value) ?? null, source: '--vary' })
  }
  return scenario
}

/** What a column of a field is called: its flag, or the last word of its path. */
export function shortName(field: string): string {
  const row = scenarioFlags.find((each) => each.field === field)
  return row?.flag.slice(2) ?? field.split('.').at(-1) ?? field
}

/** Fields that say the same as this one in another way, as for the flag of this one. */
function replacedBy(field: string): readonly string[] {
  return scenarioFlags.find((row) => row.field === field)?.replaces ?? []
}

/** An axis whose field may be written as the flag that sets it: `tp`, `arrival-rate`. */
export function namedAxis(axis: Axis): Axis {
  const flag = `--${axis.field.replace(/^--/, '').replaceAll('_', '-')}`
  const row = scenarioFlags.find((each) => each.flag === flag || each.alias === flag)
  return row === undefined ? axis : { ...axis, field: row.field }
}

/** Refuses what cannot be a field: of a word alone it is known here which there are. */
export function checkField(field: string): void {
  const keys = field.split('.')
  const words = [...scenarioFlags.map(({ flag }) => flag.slice(2)), ...Object.keys(Scenario.shape)]
  const isField = keys.every((key) => key !== '' && !forbiddenKeys.has(key))
  if (isField && (keys.length > 1 || words.includes(field))) return
  throw new SimulatorError({
    code: isField ? 'UNKNOWN_NAME' : 'INVALID_VALUE',
    path: '--vary',
    message: 'does not name a field',
    given: field,
    accepted:
      'a field of a scenario, such as workload.arrival_rate, or the flag of llmsim run that sets it, such as tp',
    nearest: nearNames(field, words),
  })
}

function checkSize(axes: readonly Axis[]): void {
  let size: number
  try {
    size = crossProductSize(axes)
  } catch (error) {
    throw isSimulatorError(error) ? withPath(error, `--vary ${error.path}`) : error
  }
  if (size <= mostPoints) return
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: '--vary',
    message: 'makes more points than can be simulated',
    given: size,
    accepted: `at most ${mostPoints}, or --samples N of them`,
  })
}

function checkedSection(section: unknown): PlainObject {
  if (section === undefined || section === null) return {}
  if (!isPlainObject(section))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'sweep',
      message: 'is no section',
      given: section,
      accepted: `an object with ${fileFields.join(', ')}`,
    })
  for (const key of Object.keys(section))
    if (!fileFields.includes(key))
      throw new SimulatorError({
        code: 'UNKNOWN_FIELD',
        path: `sweep.${key}`,
        message: 'unknown field',
        accepted: fileFields.join(', '),
      })
  if (section.vary !== undefined && !isPlainObject(section.vary))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'sweep.vary',
      message: 'is no section',
      given: section.vary,
      accepted: 'fields with lists of values, or low..high:step',
    })
  return section
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}
