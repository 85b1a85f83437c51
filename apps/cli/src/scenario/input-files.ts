import { SimulatorError, type Scenario } from '@llmsim/contracts'
import { existsSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { moduleFile } from '../module-file.js'
import type { Registries, RegistryOptions } from '../registries.js'
import { entryFile, findFile } from './catalog-entries.js'
import type { ScenarioOptions } from './load-scenario.js'

/** A file or a folder that a run reads. */
export interface InputFile {
  /** What names it: a flag, or a field of the scenario. */
  readonly source: string
  /** Where it is, links followed. */
  readonly absolute: string
}

/** Every file that a scenario and the flags beside it name, and that there is. */
export function inputFiles(
  scenario: Scenario,
  options: ScenarioOptions & RegistryOptions,
  registries: Registries,
  { folders, cwd }: { readonly folders: readonly string[]; readonly cwd: string },
): InputFile[] {
  const { cluster, disaggregation, pools = [], workload } = scenario
  const xpus = {
    'cluster.xpu': cluster?.xpu,
    'disaggregation.prefill.xpu': disaggregation?.prefill?.xpu,
    'disaggregation.decode.xpu': disaggregation?.decode?.xpu,
    ...Object.fromEntries(pools.map(({ xpu }, i) => [`pools[${i}].xpu`, xpu])),
  }
  const files: [source: string, file: string | undefined][] = [
    ['--config', options.config],
    ['workload.trace', workload?.trace && findFile(workload.trace, folders)],
    ['model', fileOf(scenario.model, registries.models, folders)],
    ...Object.entries(xpus).map(([field, xpu]): [string, string | undefined] => [
      field,
      fileOf(xpu, registries.accelerators, folders),
    ]),
    ...(options.catalog ?? []).map((name): [string, string] => ['--catalog', name]),
    ...(options.plugin ?? []).map((name): [string, string | undefined] => [
      '--plugin',
      moduleFile(name, cwd),
    ]),
  ]
  return files.flatMap(([source, file]) => {
    const absolute = file === undefined ? '' : path.resolve(cwd, file)
    return existsSync(absolute) ? [{ source, absolute: realpathSync(absolute) }] : []
  })
}

function fileOf(
  given: unknown,
  catalog: Registries['models'] | Registries['accelerators'],
  folders: readonly string[],
): string | undefined {
  return typeof given === 'string' ? entryFile(given, catalog, folders) : undefined
}

/**
 * Refuses an output that is one of the inputs, or one of the entries in a folder of them.
 *
 * @param output where it shall be written, links followed.
 */
export function refuseInputAsOutput(
  output: { readonly name: string; readonly absolute: string },
  inputs: readonly InputFile[],
  flag = '--output',
): void {
  const input = inputs.find(({ absolute }) => {
    if (absolute === output.absolute) return true
    const isEntry = output.absolute.endsWith('.json') && existsSync(output.absolute)
    return isEntry && isWithin(output.absolute, absolute) && statSync(absolute).isDirectory()
  })
  if (input === undefined) return
  throw new SimulatorError({
    code: 'CONFLICT',
    path: flag,
    message: `is what this run reads (${input.source})`,
    given: output.name,
    accepted: 'another file',
  })
}

function isWithin(file: string, folder: string): boolean {
  return file.startsWith(`${folder}${path.sep}`)
}
