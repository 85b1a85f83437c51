import { createCatalog } from '@llmsim/catalog'
import {
  EngineProfile,
  SimulatorError,
  type Accelerator,
  type Calibration,
} from '@llmsim/contracts'
import type { Registries } from '../registries.js'
import type { MeasuredPoint } from '../validation/measured-point.js'
import { pointErrors, type PointError, type SkippedPoint } from '../validation/point-errors.js'
import { errorShare, rounded, type FitOutcome } from './fit-outcome.js'
import { fitRegularised, fitScaled, type FitProblem, type Unknown } from './regularised-fit.js'

/** What serving measurements can tell of a device and its engine, each over what was shipped. */
export interface ServingFactors {
  readonly memory_fraction: number
  readonly compute_fraction: number
  readonly bandwidth_fraction: number
  /** Seconds that the engine adds to each step; 1 unless it is fitted. */
  readonly step_s: number
}

const names = ['memory_fraction', 'compute_fraction', 'bandwidth_fraction', 'step_s'] as const

/** Factors and how far from 1 they may well lie, in logarithms. */
const ranges = {
  memory_fraction: { least: 0.5, most: 1.5, freedom: 0.15 },
  compute_fraction: { least: 0.5, most: 1.5, freedom: 0.15 },
  bandwidth_fraction: { least: 0.3, most: 3, freedom: 0.3 },
  step_s: { least: 0.2, most: 5, freedom: 0.5 },
} as const

/** Difference of a factor's logarithm by which the simulation is differentiated: it has small steps. */
const DIFFERENCE = 0.04

const TURNS = 6

/** Measurements at most: each is simulated some thirty times. */
const MOST_POINTS = 200

export interface FittedServing {
  readonly factors: ServingFactors
  readonly fit: FitOutcome
  readonly skipped: readonly SkippedPoint[]
}

export interface ServingOptions {
  readonly base: Calibration
  readonly accelerator: Accelerator
  readonly registries: Registries
  /** Whether the engine's step is fitted too. */
  readonly engineStep: boolean
  /** What errors call the table. */
  readonly file: string
}

/** A calibration whose shares of the datasheet are so many times those of `base`, within bounds. */
export function scaledCalibration(base: Calibration, factors: ServingFactors): Calibration {
  const most: Readonly<Record<string, number>> = {
    memory_fraction: 1,
    compute_fraction: 1,
    bandwidth_fraction: 2,
  }
  const scaled = <T>(value: T): T => {
    if (Array.isArray(value)) return value.map(scaled) as T
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, held]: [string, unknown]) => {
        const bound = most[name]
        if (bound === undefined || typeof held !== 'number') return [name, scaled(held)]
        const factor = factors[name as keyof ServingFactors]
        return [name, factor === 1 ? held : rounded(Math.min(bound, held * factor))]
      }),
    ) as T
  }
  return { ...base, kernels: scaled(base.kernels), interconnect: scaled(base.interconnect) }
}

/** An engine profile whose steps take so many times as long. */
export function scaledProfile(profile: EngineProfile, { step_s }: ServingFactors): EngineProfile {
  const times = (each: EngineProfile['step_s']): EngineProfile['step_s'] => ({
    decode: rounded(each.decode * step_s),
    prefill: rounded(each.prefill * step_s),
  })
  return { ...profile, step_s: times(profile.step_s), layer_s: times(profile.layer_s) }
}

/**
 * Fits the few factors to measurements by simulating them, from 1 on: Gauss and Newton, each step a
 * bounded, regularised least squares of the linearised simulation.
 *
 * Throws `SimulatorError` where no measurement can be simulated.
 */
export function calibrateServing(
  given: readonly MeasuredPoint[],
  options: ServingOptions,
): FittedServing {
  const free = names.filter((name) => name !== 'step_s' || options.engineStep)
  const unknowns = free.map((name): Unknown => {
    const { least, most, freedom } = ranges[name]
    return { start: 0, least: Math.log(least), most: Math.log(most), freedom }
  })
  const factorsOf = (values: readonly number[]): ServingFactors => {
    const factor = (name: (typeof names)[number]): number =>
      Math.exp(values[free.indexOf(name)] ?? 0)
    return {
      memory_fraction: factor('memory_fraction'),
      compute_fraction: factor('compute_fraction'),
      bandwidth_fraction: factor('bandwidth_fraction'),
      step_s: factor('step_s'),
    }
  }
  const stride = Math.max(1, given.length / MOST_POINTS)
  const points = given.filter((_, row) => row % stride < 1)
  const start = unknowns.map(() => 0)
  const first = simulateAll(points, factorsOf(start), options)
  const chosen = first.errors.filter(isTelling)
  if (chosen.length === 0)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: options.file,
      message: `has no measurement that can be simulated${reason(first.skipped)}`,
      accepted: 'rows with a TPOT, a TTFT below saturation or a throughput',
    })
  const errorsAt = (values: readonly number[]): number[] => {
    const { errors } = simulateAll(points, factorsOf(values), options)
    const found = new Map(errors.map((error) => [keyOf(error), error]))
    return chosen.map((error) => logError(found.get(keyOf(error)) ?? error))
  }
  const spreads = spreadsOf(chosen)
  let best = { values: start, errors: chosen.map(logError) }
  let slopes = slopesAt(best.values, best.errors, errorsAt, unknowns)
  let found = fitRegularised(linear(best, slopes, unknowns, spreads))
  for (let turn = 0; turn < TURNS; turn++) {
    const errors = errorsAt(found.values)
    const next = { values: [...found.values], errors }
    if (!(loss(next, unknowns, found.scales) < loss(best, unknowns, found.scales))) break
    const moved = Math.max(
      ...next.values.map((value, at) => Math.abs(value - (best.values[at] ?? 0))),
    )
    best = next
    slopes = slopesAt(best.values, best.errors, errorsAt, unknowns)
    found = fitRegularised(linear(best, slopes, unknowns, spreads))
    if (moved < 0.005) break
  }
  const factors = factorsOf(best.values)
  const told = new Set(chosen.map(({ id }) => id)).size
  const left = leaveOneOut(points, chosen, (kept) => {
    const part = linear(best, slopes, unknowns, spreads, kept)
    const scales = found.scales.filter((_, row) => kept(row))
    return simulateFactors(factorsOf(fitScaled(part, scales, best.values)))
  })
  function simulateFactors(by: ServingFactors): (point: MeasuredPoint) => PointError[] {
    return (point) => simulateAll([point], by, options).errors
  }
  return {
    factors,
    skipped: first.skipped,
    fit: {
      curve: 'serving',
      rows: told,
      excluded_rows: given.length - told,
      ...(given.length > MOST_POINTS
        ? { note: `every ${stride.toFixed(1)}th measurement was taken` }
        : {}),
      coefficients: free.map((name) => ({ name, before: 1, after: rounded(factors[name]) })),
      before: errorShare(chosen.map(logError)),
      after: errorShare(best.errors),
      leave_one_out: errorShare(left),
    },
  }
}

interface Place {
  readonly values: readonly number[]
  readonly errors: readonly number[]
}

/** The simulation as a straight line through a place, for the rows that are kept. */
function linear(
  { values, errors }: Place,
  slopes: readonly (readonly number[])[],
  unknowns: readonly Unknown[],
  spreads: readonly number[],
  kept: (row: number) => boolean = () => true,
): FitProblem {
  const rows = errors.flatMap((error, row) => (kept(row) ? [{ error, row }] : []))
  return {
    unknowns,
    spreads: rows.map(({ row }) => spreads[row] ?? 1),
    errors: (at) =>
      rows.map(({ error, row }) =>
        slopes.reduce(
          (sum, slope, index) =>
            sum + (slope[row] ?? 0) * ((at[index] ?? 0) - (values[index] ?? 0)),
          error,
        ),
      ),
  }
}

/** Derivatives of each row's error by each unknown, towards the middle where a bound is near. */
function slopesAt(
  values: readonly number[],
  errors: readonly number[],
  errorsAt: (values: readonly number[]) => readonly number[],
  unknowns: readonly Unknown[],
): number[][] {
  return unknowns.map(({ most }, index) => {
    const step = (values[index] ?? 0) + DIFFERENCE > most ? -DIFFERENCE : DIFFERENCE
    const there = errorsAt(values.map((value, at) => (at === index ? value + step : value)))
    return there.map((error, row) => (error - (errors[row] ?? 0)) / step)
  })
}

function loss(place: Place, unknowns: readonly Unknown[], scales: readonly number[]): number {
  const { values, errors } = place
  const rows = errors.reduce((sum, error, row) => sum + (error / (scales[row] ?? 1)) ** 2, 0)
  return unknowns.reduce(
    (sum, { start, freedom }, index) => sum + (((values[index] ?? 0) - start) / freedom) ** 2,
    rows,
  )
}

/** Errors of each measurement, simulated by what all others say. */
function leaveOneOut(
  points: readonly MeasuredPoint[],
  chosen: readonly PointError[],
  without: (kept: (row: number) => boolean) => (point: MeasuredPoint) => PointError[],
): number[] {
  return points.flatMap((point) => {
    const own = new Set(chosen.filter(({ id }) => id === point.id).map(keyOf))
    if (own.size === 0) return []
    const simulated = without((row) => chosen[row]?.id !== point.id)(point)
    return simulated.filter((error) => own.has(keyOf(error))).map(logError)
  })
}

function simulateAll(
  points: readonly MeasuredPoint[],
  factors: ServingFactors,
  { base, accelerator, registries }: ServingOptions,
): { errors: PointError[]; skipped: SkippedPoint[] } {
  const { name } = accelerator
  const scaled = { ...scaledCalibration(base, factors), name }
  const changed: Registries = {
    ...registries,
    calibrations: [scaled, ...registries.calibrations],
    engineProfiles: createCatalog({
      kind: 'engine',
      schema: EngineProfile,
      entries: registries.engineProfiles.entries().map((each) => scaledProfile(each, factors)),
    }),
  }
  const outcomes = points.map((point) => pointErrors(point, 'calibrated', changed))
  return {
    errors: outcomes.flatMap(({ rows }) => rows),
    skipped: outcomes.flatMap(({ skipped }) => skipped),
  }
}

/** Tails say little of a device, and a TTFT behind a queue says how long the queue was. */
function isTelling({ metric, saturated, simulated }: PointError): boolean {
  if (metric.endsWith('p99') || !(simulated > 0)) return false
  return !(saturated && metric === 'ttft_ms_mean')
}

/** Metrics of one measurement share its weight; a TTFT scatters twice as much as the others. */
function spreadsOf(errors: readonly PointError[]): number[] {
  const counts = new Map<string, number>()
  for (const { id } of errors) counts.set(id, (counts.get(id) ?? 0) + 1)
  return errors.map(
    ({ id, metric }) => Math.sqrt(counts.get(id) ?? 1) * (metric === 'ttft_ms_mean' ? 2 : 1),
  )
}

function keyOf({ id, metric }: PointError): string {
  return `${metric} ${id}`
}

function logError({ simulated, measured }: PointError): number {
  return Math.log(simulated / measured)
}

function reason(skipped: readonly SkippedPoint[]): string {
  const [first] = skipped
  return first === undefined ? '' : `: ${first.id}: ${first.reason}`
}
