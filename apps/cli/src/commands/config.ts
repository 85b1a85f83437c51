import { jsonSchema } from '@llmsim/catalog'
import { Scenario } from '@llmsim/contracts'
import type { Io } from '../io.js'
import { jsonText } from '../output/results-document.js'
import { prepareRun, prepareScenario } from '../prepared-run.js'
import { seenFrom } from '../scenario/trace-place.js'
import type { RegistryOptions } from '../registries.js'

export interface CheckOptions extends RegistryOptions {
  readonly json?: boolean
  readonly quiet?: boolean
}

/** Checks a scenario file as a run would, without running it. */
export async function check(file: string, options: CheckOptions, io: Io): Promise<void> {
  const prepared = await prepareScenario({ ...options, config: file }, io.cwd)
  const { scenario, warnings } = await prepareRun(prepared)
  if (options.quiet !== true) for (const warning of warnings) io.stderr(`warning: ${warning}\n`)
  io.stdout(options.json === true ? jsonText(seenFrom(io.cwd, scenario, prepared.folders)) : 'ok\n')
}

/** Prints the JSON Schema of scenario files. */
export function schema(io: Io): void {
  io.stdout(jsonText(jsonSchema(Scenario, { title: 'llmsim scenario' })))
}
