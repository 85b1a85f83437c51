/** A value for one field of a scenario, and what the user wrote to set it. */
export interface Assignment {
  /** Dotted path: `workload.arrival_rate`. */
  readonly field: string
  /** Null takes the field out. */
  readonly value: unknown
  /** `--arrival-rate`, `--set`. */
  readonly source: string
}
