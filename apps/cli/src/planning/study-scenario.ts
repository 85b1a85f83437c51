import { loadScenario, type ScenarioOptions } from '../scenario/load-scenario.js'
import type { Assignment as FieldValue } from '../scenario/assignment.js'
import type { PlainObject } from '../scenario/assignments.js'
import { readScenarioFile } from '../scenario/scenario-file.js'

/** The scenario that a study starts from. */
export interface StudyScenario {
  readonly scenario: PlainObject
  readonly folders: readonly string[]
  /** Sections of the file that belong to the study and not to the scenario. */
  readonly sections: Readonly<Record<string, unknown>>
}

/** Sections that a scenario file may hold beside a scenario, for a study. */
export const studySections = ['sweep'] as const

/**
 * Reads the scenario of a study as `llmsim run` does, from a file that may hold a study beside it.
 *
 * @param first values that the first point gives fields which the scenario may lack, as a varied model.
 */
export function loadStudyScenario(
  options: ScenarioOptions,
  cwd: string,
  first: readonly FieldValue[] = [],
): StudyScenario {
  const { scenario, folders } = loadScenario(options, cwd, { sections: studySections, first })
  return {
    scenario: scenario,
    folders,
    sections: sectionsOf(options, cwd),
  }
}

/** What a file says of a study, before the rest of it is checked. */
export function sectionsOf(
  { config }: ScenarioOptions,
  cwd: string,
): Readonly<Record<string, unknown>> {
  if (config === undefined) return {}
  const { scenario } = readScenarioFile(config, cwd)
  return Object.fromEntries(
    studySections.flatMap((name) =>
      Object.hasOwn(scenario, name) ? [[name, scenario[name]]] : [],
    ),
  )
}
