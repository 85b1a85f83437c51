/** Milliseconds of each unit; a number alone is milliseconds. */
const units: Readonly<Record<string, number>> = { '': 1, us: 1e-3, ms: 1, s: 1e3, min: 6e4 }
const objective = /^(?:([a-z]+\d*(?:\.\d+)?)\s*(?:=|<=?)\s*)?(\d+\.?\d*|\.\d+)\s*(us|ms|s|min)?$/i

/** The parts of an objective such as `500ms` or `p99=1s`; NaN milliseconds where it is none. */
export interface ObjectiveText {
  /** What stands before the sign, as it was given: `p99`, `mean`. */
  readonly quantile: string | undefined
  readonly milliseconds: number
}

/** Reads what flags such as `--slo-ttft` are given. */
export function objectiveText(text: string): ObjectiveText {
  const found = objective.exec(text.trim())
  const unit = (found?.[3] ?? '').toLowerCase()
  return { quantile: found?.[1], milliseconds: Number(found?.[2]) * (units[unit] ?? NaN) }
}
