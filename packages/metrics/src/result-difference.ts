import type { Replications } from '@llmsim/contracts'
import { replicatedSample } from './replications.js'
import { resultFigures } from './result-figures.js'
import { welchTest } from './sample.js'
import { scenarioFields } from './scenario-fields.js'

/** A field of the scenario that differs; null on the side that lacks it. */
export interface FieldDifference {
  readonly path: string
  readonly from: string | null
  readonly to: string | null
}

/** A figure on both sides; null on the side that lacks it. */
export interface FigureDifference {
  readonly path: string
  readonly from: number | null
  readonly to: number | null
  /** `to` minus `from`; null where a side lacks it. */
  readonly difference: number | null
  /** The difference as a share of `from`; null where that is 0 or a side lacks it. */
  readonly relative: number | null
  /** Welch's test of the means over seeds; absent unless both sides have two replications or more. */
  readonly test?: {
    /** Half the width of the confidence interval of the difference. */
    readonly half_width: number
    readonly p_value: number
    /** Whether the interval leaves 0 out. */
    readonly significant: boolean
  }
}

export interface ResultDifference {
  /** Fields of the scenarios that differ, in the order of the first. */
  readonly scenario: readonly FieldDifference[]
  /** Every figure, in the order of the first. With replications on both sides: means over the seeds. */
  readonly figures: readonly FigureDifference[]
  /** Seeds on both sides, and the level of the tests; null unless both sides have replications. */
  readonly replications: {
    readonly from: number
    readonly to: number
    readonly confidence_level: number
  } | null
}

/** The parts of a results file that are compared. */
interface Compared {
  readonly scenario: object
  readonly replications?: Replications | undefined
}

/** What changed from one results file to another. */
export function resultDifference(first: Compared, second: Compared): ResultDifference {
  const from = first.replications
  const to = second.replications
  const replicated = from !== undefined && to !== undefined
  const level = from?.confidence_level ?? 0.95
  return {
    scenario: fieldDifferences(first.scenario, second.scenario),
    figures: replicated
      ? replicatedDifferences(from.figures, to.figures, level)
      : plainDifferences(resultFigures(first), resultFigures(second)),
    replications: replicated
      ? { from: from.seeds.length, to: to.seeds.length, confidence_level: level }
      : null,
  }
}

function fieldDifferences(first: object, second: object): FieldDifference[] {
  const from = scenarioFields(first)
  const to = scenarioFields(second)
  return pathsOf(from.keys(), to.keys())
    .map((path) => ({ path, from: from.get(path) ?? null, to: to.get(path) ?? null }))
    .filter((field) => field.from !== field.to)
}

type Figures = ReadonlyMap<string, number | null>

function plainDifferences(from: Figures, to: Figures): FigureDifference[] {
  return pathsOf(from.keys(), to.keys()).map((path) =>
    difference(path, from.get(path) ?? null, to.get(path) ?? null),
  )
}

function replicatedDifferences(
  from: Replications['figures'],
  to: Replications['figures'],
  level: number,
): FigureDifference[] {
  return pathsOf(Object.keys(from), Object.keys(to)).map((path) => {
    const a = from[path]
    const b = to[path]
    const plain = difference(path, a?.mean ?? null, b?.mean ?? null)
    if (a === undefined || b === undefined || plain.difference === null) return plain
    const { halfWidth, pValue } = welchTest(replicatedSample(a), replicatedSample(b), level)
    if (Number.isNaN(pValue)) return plain
    const significant = pValue < 1 - level
    return { ...plain, test: { half_width: halfWidth, p_value: pValue, significant } }
  })
}

function difference(path: string, from: number | null, to: number | null): FigureDifference {
  if (from === null || to === null) return { path, from, to, difference: null, relative: null }
  const change = to - from
  return { path, from, to, difference: change, relative: from === 0 ? null : change / from }
}

/** Those of the first in their order, then those that the second has alone. */
function pathsOf(first: Iterable<string>, second: Iterable<string>): string[] {
  return [...new Set([...first, ...second])]
}
