import type { SimulationSpec } from '@llmsim/contracts'
import { deploy, type Deployment } from './deployment.js'
import { imageTraffic } from './prompt-images.js'
import { loadRegistries, type Registries, type RegistryOptions } from './registries.js'
import { inputFiles, type InputFile } from './scenario/input-files.js'
import { withOrigin, type FieldOrigins } from './scenario/field-origins.js'
import { loadScenario, type ScenarioOptions } from './scenario/load-scenario.js'
import { resolveScenario } from './scenario/resolve-scenario.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'
import { idleSettings } from './idle-settings.js'
import { simulationSpec, warningsOf } from './simulation-spec.js'
import { trafficOf, type Traffic } from './traffic.js'

/** A scenario with its defaults filled in, and what its names stand for. */
export interface PreparedScenario {
  readonly scenario: ResolvedScenario
  readonly registries: Registries
  readonly origins: FieldOrigins
  /** Folders that relative paths may start from. */
  readonly folders: readonly string[]
  /** What is read. */
  readonly inputs: readonly InputFile[]
}

/** A run that only has to be started. */
export interface PreparedRun {
  readonly scenario: ResolvedScenario
  readonly deployment: Deployment
  readonly spec: SimulationSpec
  readonly warnings: readonly string[]
}

/** Reads and resolves the scenario of a command line. Throws `SimulatorError`. */
export async function prepareScenario(
  options: ScenarioOptions & RegistryOptions,
  cwd: string,
): Promise<PreparedScenario> {
  const { scenario, origins, folders } = loadScenario(options, cwd)
  const registries = await loadRegistries(options, cwd)
  try {
    return {
      scenario: resolveScenario(scenario, registries, folders),
      registries,
      origins,
      folders,
      inputs: inputFiles(scenario, options, registries, { folders, cwd }),
    }
  } catch (error) {
    throw withOrigin(error, origins)
  }
}

/**
 * Turns the names of a scenario into values. Throws `SimulatorError`.
 *
 * @param traffic requests to use in place of the scenario's own.
 */
export async function prepareRun(
  { scenario, registries, origins, folders }: PreparedScenario,
  traffic?: Traffic,
): Promise<PreparedRun> {
  try {
    const deployment = deploy(scenario, registries)
    const text = traffic ?? (await trafficOf(scenario, folders))
    const requests = imageTraffic(text, scenario, deployment.model)
    return {
      scenario,
      deployment,
      spec: simulationSpec(scenario, deployment, requests, registries),
      warnings: [
        ...warningsOf(deployment, requests),
        ...idleSettings(scenario, deployment, requests),
      ],
    }
  } catch (error) {
    throw withOrigin(error, origins)
  }
}
