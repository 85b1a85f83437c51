import { studentTQuantile, studentTTwoSidedTail } from './student-t.js'

/** What is known of a figure from independent runs. */
export interface Sample {
  /** Runs that have the figure. */
  readonly count: number
  readonly mean: number
  /** Standard deviation with count - 1 below the sum of squares; NaN for less than two runs. */
  readonly std: number
}

/** Mean and standard deviation of the values of independent runs. NaN where there are none. */
export function sampleOf(values: readonly number[]): Sample {
  const count = values.length
  let sum = 0
  for (const value of values) sum += value
  const mean = sum / count
  let squares = 0
  let deviations = 0
  for (const value of values) {
    squares += (value - mean) * (value - mean)
    deviations += value - mean
  }
  // The second term takes out what rounding left in the mean (Chan, Golub and LeVeque, 1983).
  const variance = (squares - (deviations * deviations) / count) / (count - 1)
  // Equal values have no spread, whatever their mean was rounded to.
  const equal = values.every((value) => value === values[0])
  if (equal && count > 0) return { count, mean: values[0]!, std: count > 1 ? 0 : NaN }
  return { count, mean, std: Math.sqrt(Math.max(0, variance)) }
}

/**
 * Half the width of the confidence interval of the mean: t * std / sqrt(count), with Student's t for
 * count - 1 degrees of freedom. NaN for less than two runs.
 */
export function confidenceHalfWidth({ count, std }: Sample, level = 0.95): number {
  if (count < 2) return NaN
  return (studentTQuantile(level, count - 1) * std) / Math.sqrt(count)
}

/** How far two means are apart, and how sure that is. */
export interface WelchTest {
  /** The second mean minus the first. */
  readonly difference: number
  /** Half the width of the confidence interval of the difference. */
  readonly halfWidth: number
  readonly degreesOfFreedom: number
  /** Probability of a difference of at least that size, either way, where the true means are equal. */
  readonly pValue: number
}

/**
 * Welch's t-test of two independent samples, whose variances need not be equal, with the degrees of
 * freedom of Welch and Satterthwaite (B. L. Welch, Biometrika 34, 1947). All but the difference are
 * NaN where a sample has less than two runs.
 */
export function welchTest(first: Sample, second: Sample, level = 0.95): WelchTest {
  const difference = second.mean - first.mean
  if (first.count < 2 || second.count < 2)
    return { difference, halfWidth: NaN, degreesOfFreedom: NaN, pValue: NaN }
  const a = (first.std * first.std) / first.count
  const b = (second.std * second.std) / second.count
  const variance = a + b
  if (variance === 0) {
    // Neither varies: the means are what they are.
    const degreesOfFreedom = first.count + second.count - 2
    return { difference, halfWidth: 0, degreesOfFreedom, pValue: difference === 0 ? 1 : 0 }
  }
  const shareA = a / variance
  const shareB = b / variance
  const degreesOfFreedom =
    1 / ((shareA * shareA) / (first.count - 1) + (shareB * shareB) / (second.count - 1))
  const error = Math.sqrt(variance)
  return {
    difference,
    halfWidth: studentTQuantile(level, degreesOfFreedom) * error,
    degreesOfFreedom,
    pValue: studentTTwoSidedTail(difference / error, degreesOfFreedom),
  }
}
