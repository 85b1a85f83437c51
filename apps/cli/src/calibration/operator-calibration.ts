import { SimulatorError, type Accelerator, type Calibration } from '@llmsim/contracts'
import { datasheetCalibration } from '@llmsim/cost-models/calibrated'
import { errorShare, rounded, type FitOutcome } from './fit-outcome.js'
import {
  operatorKinds,
  timedDevice,
  type Curve,
  type OperatorKind,
  type Range,
  type TimedDevice,
} from './operator-kind.js'
import type { OperatorTiming } from './operator-timing.js'
import { fitRegularised, fitScaled, type FitProblem, type Unknown } from './regularised-fit.js'

/** Refits without a part of the rows at most: more rows are left out some at a time. */
const MOST_REFITS = 40

/** Rows of one curve at most: more of them change nothing but the time it takes. */
const MOST_ROWS = 1500

/** A calibration with curves fitted to timings, and what each fit did. */
export interface FittedCalibration {
  readonly calibration: Calibration
  readonly fits: readonly FitOutcome[]
}

/** One number of one of the curves that a kind of operator has. */
interface Slot {
  readonly curve: number
  readonly name: string
  readonly value: number
  readonly range: Range
}

/**
 * Fits the curves that timings are of, each from that of `base` on; the others stay as they are.
 *
 * Throws `SimulatorError` at `file` where no row is left of any curve.
 */
export function calibrateOperators(
  timings: readonly OperatorTiming[],
  base: Calibration,
  accelerator: Accelerator,
  file: string,
): FittedCalibration {
  const calibration = structuredClone(base)
  const fits: FitOutcome[] = []
  for (const [path, rows] of byCurve(timings, base)) {
    const [first] = rows
    if (first === undefined) continue
    const { kernel, format } = first
    const kind: OperatorKind = operatorKinds[kernel]
    const device = timedDevice(kernel, format, accelerator, base.compute_units)
    const shipped = curvesAt(calibration, path) ?? curvesAt(datasheetCalibration(accelerator), path)
    if (shipped === undefined) continue
    const possible = rows.filter(({ seconds, sizes }) => seconds >= kind.least(device, sizes))
    const step = Math.max(1, possible.length / MOST_ROWS)
    const kept = Array.from(
      { length: Math.min(possible.length, MOST_ROWS) },
      (_, index) => possible[Math.floor(index * step)],
    ).filter((row) => row !== undefined)
    if (kept.length === 0) continue
    const { curves, outcome } = fitCurves(kept, kind, device, shipped)
    put(calibration, path, kind, curves)
    const impossible = rows.length - possible.length
    const notes = [
      impossible > 0 ? `rows faster than the datasheet allows: ${impossible}` : '',
      possible.length > kept.length ? `every ${step.toFixed(1)}th row was taken` : '',
    ].filter((note) => note !== '')
    fits.push({
      ...outcome,
      curve: path.join('.'),
      excluded_rows: rows.length - kept.length,
      ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
    })
  }
  if (fits.length === 0)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: file,
      message:
        timings.length === 0
          ? 'has no rows'
          : `has no row that is not faster than the datasheet of ${accelerator.name} allows`,
      accepted: 'seconds of single operators on that accelerator',
    })
  return { calibration, fits }
}

/** Rows by the path of their curve, in the order of the file. */
function byCurve(
  timings: readonly OperatorTiming[],
  { kernels }: Calibration,
): Map<readonly [string, string?], OperatorTiming[]> {
  const paths = new Map<string, readonly [string, string?]>()
  const found = new Map<readonly [string, string?], OperatorTiming[]>()
  for (const timing of timings) {
    const { kernel, format } = timing
    let own: string | undefined
    if (operatorKinds[kernel].formats) {
      const curves = kernels[kernel as 'gemm']
      // The same kernels run both formats of 16 bits.
      own = format === 'fp16' && curves.fp16 === undefined ? 'bf16' : format
    }
    const text = `${kernel}.${own ?? ''}`
    const path = paths.get(text) ?? ([kernel, ...(own === undefined ? [] : [own])] as const)
    paths.set(text, path as readonly [string, string?])
    const rows = found.get(path as readonly [string, string?])
    if (rows === undefined) found.set(path as readonly [string, string?], [timing])
    else rows.push(timing)
  }
  return found
}

type Branch = Readonly<Record<string, unknown>>

/** The curves of that path, or of the 16-bit format where that one was never measured. */
function curvesAt(
  { kernels, interconnect }: Calibration,
  [kernel, format]: readonly [string, string?],
): readonly Curve[] | undefined {
  const shared = (interconnect as Branch)[kernel] as Curve[] | undefined
  if (shared !== undefined) return shared.length > 0 ? shared : interconnect.all_to_all
  const held = (kernels as Branch)[kernel] as Branch | undefined
  if (held === undefined || format === undefined) return held && [held as Curve]
  const curve = held[format] ?? held.fp8 ?? held.bf16 ?? Object.values(held)[0]
  return curve === undefined ? undefined : [curve as Curve]
}

function put(
  calibration: Calibration,
  [kernel, format]: readonly [string, string?],
  { place }: OperatorKind,
  curves: readonly Curve[],
): void {
  const branch = calibration[place] as Record<string, unknown>
  if (place === 'interconnect') branch[kernel] = curves
  else if (format === undefined) branch[kernel] = curves[0]
  else branch[kernel] = { ...(branch[kernel] as Branch), [format]: curves[0] }
}

function fitCurves(
  rows: readonly OperatorTiming[],
  kind: OperatorKind,
  device: TimedDevice,
  shipped: readonly Curve[],
): { curves: Curve[]; outcome: Omit<FitOutcome, 'curve' | 'excluded_rows'> } {
  const slots = shipped.flatMap((curve, index) =>
    Object.entries(kind.ranges).flatMap(([name, range]): Slot[] => {
      const value = curve[name] ?? 0
      const absent = value === 0 && range.keepsZero === true
      return absent ? [] : [{ curve: index, name, value, range }]
    }),
  )
  const unknowns = slots.map(({ value, range }): Unknown => {
    const { unit, freedom } = range
    const on = (x: number): number => Math.log(x + unit)
    // What was shipped is possible, wherever it lies.
    const least = Math.min(range.least, value)
    const most = Math.max(range.most, value)
    return { start: on(value), least: on(least), most: on(most), freedom }
  })
  const curvesOf = (values: readonly number[]): Curve[] => {
    const curves = shipped.map((curve): Record<string, number> => ({ ...curve }))
    for (const [index, { curve, name, range }] of slots.entries()) {
      const held = curves[curve]
      if (held !== undefined) held[name] = Math.max(0, Math.exp(values[index] ?? 0) - range.unit)
    }
    return curves
  }
  const errorsOf = (curves: readonly Curve[], over: readonly OperatorTiming[]): number[] =>
    over.map(({ sizes, seconds }) => Math.log(kind.seconds(curves, device, sizes) / seconds))
  const problem = (over: readonly OperatorTiming[]): FitProblem => ({
    unknowns,
    errors: (values) => errorsOf(curvesOf(values), over),
  })
  const { values, scales } = fitRegularised(problem(rows))
  const curves = curvesOf(values).map((curve): Curve =>
    Object.fromEntries(Object.entries(curve).map(([name, value]) => [name, rounded(value)])),
  )
  const left: number[] = []
  const parts = partsOf(rows)
  if (parts.length === 1) left.push(...errorsOf(shipped, rows))
  else
    for (const part of parts) {
      const others = rows.flatMap((row, index) => (part.has(index) ? [] : [index]))
      const found = fitScaled(
        problem(others.map((index) => rows[index]).filter((row) => row !== undefined)),
        others.map((index) => scales[index] ?? 1),
        values,
      )
      const out = rows.filter((_, index) => part.has(index))
      left.push(...errorsOf(curvesOf(found), out))
    }
  return {
    curves,
    outcome: {
      rows: rows.length,
      coefficients: slots.map(({ curve, name, value }) => ({
        name: shipped.length > 1 ? `${curve}.${name}` : name,
        before: value,
        after: curves[curve]?.[name] ?? value,
      })),
      before: errorShare(errorsOf(shipped, rows)),
      after: errorShare(errorsOf(curves, rows)),
      leave_one_out: errorShare(left),
    },
  }
}

/** Indexes of rows that are left out together: those of one shape, or a few shapes where many are. */
function partsOf(rows: readonly OperatorTiming[]): Set<number>[] {
  const shapes = new Map<string, number>()
  const parts: Set<number>[] = []
  for (const [index, { sizes, format }] of rows.entries()) {
    const key = JSON.stringify([format, sizes])
    const shape = shapes.get(key) ?? shapes.size
    shapes.set(key, shape)
    const part = (parts[shape % MOST_REFITS] ??= new Set())
    part.add(index)
  }
  return parts
}
