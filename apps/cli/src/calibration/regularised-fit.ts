import { levenbergMarquardt } from 'ml-levenberg-marquardt'

/** One unknown, on a scale on which errors of it are about as large everywhere: a logarithm. */
export interface Unknown {
  /** What is believed before any row is seen; the fit starts there and is drawn towards it. */
  readonly start: number
  readonly least: number
  readonly most: number
  /** How far from `start` it may well lie: one standard deviation of the belief. */
  readonly freedom: number
}

export interface FitProblem {
  readonly unknowns: readonly Unknown[]
  /** `ln(predicted / measured)` of every row. */
  readonly errors: (values: readonly number[]) => readonly number[]
  /** Noise of each row over that of a usual one; 1 when absent. */
  readonly spreads?: readonly number[]
}

export interface RegularisedFit {
  readonly values: readonly number[]
  /** Relative noise of a usual row, as far as the rows tell. */
  readonly noise: number
  /** What each row's error was divided by in the last turn, outliers by more. */
  readonly scales: readonly number[]
}

/** Noise that is believed of a row, with the weight of so many rows, before any is seen. */
const USUAL_NOISE = 0.1
const USUAL_WEIGHT = 4

/** Errors beyond so many times the noise are taken for outliers: they weigh less, as in an L1 fit. */
const OUTLIER = 2

const TURNS = 4

/**
 * The most plausible values: bounded least squares (Levenberg and Marquardt) of the rows' logarithmic
 * errors over their noise, and of the distance of each unknown from its start over its freedom. The
 * noise is estimated on the way: many good rows outweigh the start, few or scattered ones do not.
 */
export function fitRegularised(problem: FitProblem): RegularisedFit {
  const { unknowns, errors } = problem
  let values = unknowns.map(({ start }) => start)
  const first = errors(values)
  const spreads = problem.spreads ?? first.map(() => 1)
  let noise = USUAL_NOISE
  let scales: readonly number[] = spreads.map((spread) => spread * noise)
  for (let turn = 0; turn < TURNS; turn++) {
    values = fitScaled(problem, scales, values)
    const found = errors(values).map((error, row) => error / (spreads[row] ?? 1))
    const pull = found.map((error) => Math.hypot(1, error / (OUTLIER * noise)))
    const squares = found.reduce((sum, error, row) => sum + error ** 2 / (pull[row] ?? 1), 0)
    noise = Math.sqrt((USUAL_WEIGHT * USUAL_NOISE ** 2 + squares) / (USUAL_WEIGHT + found.length))
    const share = noise
    scales = found.map((error, row) => {
      const outlier = Math.hypot(1, error / (OUTLIER * share))
      return (spreads[row] ?? 1) * share * Math.sqrt(outlier)
    })
  }
  return { values, noise, scales }
}

/** The same with the noise of each row known; `from` is where the search starts. */
export function fitScaled(
  { unknowns, errors }: FitProblem,
  scales: readonly number[],
  from: readonly number[],
): number[] {
  const rows = scales.length
  const indexes = Array.from({ length: rows + unknowns.length }, (_, index) => index)
  return levenbergMarquardt(
    { x: indexes, y: indexes.map(() => 0) },
    (values) => {
      const found = errors(values)
      return (index) => {
        if (index < rows) return (found[index] ?? 0) / (scales[index] ?? 1)
        const unknown = unknowns[index - rows]
        if (unknown === undefined) return 0
        return ((values[index - rows] ?? 0) - unknown.start) / unknown.freedom
      }
    },
    {
      initialValues: [...from],
      minValues: unknowns.map(({ least }) => least),
      maxValues: unknowns.map(({ most }) => most),
      maxIterations: 20,
      damping: 0.01,
      centralDifference: true,
      gradientDifference: 1e-4,
      improvementThreshold: 1e-6,
      errorTolerance: 1e-9,
    },
  ).parameterValues
}
