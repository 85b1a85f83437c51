import type { SimulationResult } from '@llmsim/contracts'
import type { Scenario } from '@llmsim/contracts'

/** Where the names and relative paths of a point lead: the same for every point of a study. */
export interface StudyContext {
  readonly catalog: readonly string[]
  readonly plugin: readonly string[]
  /** Folders that relative paths of the scenario may start from, in this order. */
  readonly folders: readonly string[]
  readonly cwd: string
}

/** A point as it travels to a worker: a scenario, and where its names lead. */
export interface PointJob {
  readonly context: StudyContext
  readonly scenario: Scenario
  /** Its defaults are filled in already. */
  readonly resolved?: boolean
}

/** Why a point has no figures. */
export interface PointProblem {
  readonly code: string
  readonly path: string
  readonly message: string
}

/** What a point came to: its figures, or why it has none. */
export type PointOutcome =
  | { readonly result: SimulationResult; readonly error?: undefined }
  | { readonly error: PointProblem; readonly result?: undefined }

/**
 * What a point came to, as JSON: written where it was simulated, so that its bytes are the same
 * whichever way it came here.
 */
export type OutcomeText = string

export function outcomeOf(text: OutcomeText): PointOutcome {
  return JSON.parse(text) as PointOutcome
}
