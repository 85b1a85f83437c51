import { createCatalog, parseWith, type Catalog } from '@llmsim/catalog'
import { calibrations, engineProfiles } from '@llmsim/catalog-calibrations'
import { accelerators } from '@llmsim/catalog-hardware'
import { models } from '@llmsim/catalog-models'
import {
  Accelerator,
  Calibration,
  EngineProfile,
  Model,
  nearNames,
  SimulatorError,
  type AdmissionFactory,
  type CostModelFactory,
  type DeciderFactory,
  type RouterFactory,
  type SchedulerFactory,
} from '@llmsim/contracts'
import { costModels } from '@llmsim/cost-models'
import { admissionPolicies, deciders, routers } from '@llmsim/routers'
import { schedulers } from '@llmsim/schedulers'
import { loadPlugin } from './plugin-module.js'

/** Named factories of one kind. */
export type Registry<T> = ReadonlyMap<string, T>

/** Everything that a scenario can name. */
export interface Registries {
  readonly models: Catalog<Model>
  readonly accelerators: Catalog<Accelerator>
  readonly schedulers: Registry<SchedulerFactory>
  readonly routers: Registry<RouterFactory>
  readonly admissionPolicies: Registry<AdmissionFactory>
  readonly deciders: Registry<DeciderFactory>
  readonly costModels: Registry<CostModelFactory>
  readonly engineProfiles: Catalog<EngineProfile>
  /** Those of catalogs go before the built-in ones of the same name. */
  readonly calibrations: readonly Calibration[]
}

/** What `--catalog` and `--plugin` name. */
export interface RegistryOptions {
  readonly catalog?: readonly string[]
  readonly plugin?: readonly string[]
}

/**
 * The built-in entries, then those of catalogs, then those of plug-ins.
 *
 * Throws `SimulatorError` `DUPLICATE_NAME` for a name that is taken.
 */
export async function loadRegistries(options: RegistryOptions, cwd: string): Promise<Registries> {
  const loaded = {
    models: createCatalog({ kind: 'model', schema: Model, entries: models }),
    accelerators: createCatalog({
      kind: 'accelerator',
      schema: Accelerator,
      entries: accelerators,
    }),
    schedulers: registryOf('scheduler', schedulers),
    routers: registryOf('router', routers),
    admissionPolicies: registryOf('admission policy', admissionPolicies),
    deciders: registryOf('decider', deciders),
    costModels: registryOf('cost model', costModels),
    engineProfiles: createCatalog({
      kind: 'engine',
      schema: EngineProfile,
      entries: engineProfiles,
    }),
    calibrations: calibrations.map((entry) => Calibration.parse(entry)),
  }
  if (options.catalog !== undefined && options.catalog.length > 0) {
    const { loadCatalog } = await import('@llmsim/catalog/node')
    for (const name of options.catalog) {
      const contents = await loadCatalog(name, cwd)
      loaded.models = loaded.models.extend(contents.models, contents.origins)
      loaded.accelerators = loaded.accelerators.extend(contents.accelerators, contents.origins)
      loaded.engineProfiles = loaded.engineProfiles.extend(
        contents.engineProfiles,
        contents.origins,
      )
      loaded.calibrations.unshift(
        ...contents.calibrations.map((entry) =>
          parseWith(Calibration, entry, { path: contents.origins.get(entry) ?? name }),
        ),
      )
    }
  }
  for (const name of options.plugin ?? []) {
    const plugin = await loadPlugin(name, cwd)
    addAll(loaded.schedulers, 'scheduler', plugin.schedulers ?? [], name)
    addAll(loaded.routers, 'router', plugin.routers ?? [], name)
    addAll(loaded.admissionPolicies, 'admission policy', plugin.admissionPolicies ?? [], name)
    addAll(loaded.deciders, 'decider', plugin.deciders ?? [], name)
    addAll(loaded.costModels, 'cost model', plugin.costModels ?? [], name)
  }
  return loaded
}

function registryOf<T extends { readonly name: string }>(
  kind: string,
  factories: readonly T[],
): Map<string, T> {
  const registry = new Map<string, T>()
  addAll(registry, kind, factories, 'built-in')
  return registry
}

function addAll<T extends { readonly name: string }>(
  registry: Map<string, T>,
  kind: string,
  factories: readonly T[],
  origin: string,
): void {
  for (const factory of factories) {
    if (registry.has(factory.name))
      throw new SimulatorError({
        code: 'DUPLICATE_NAME',
        path: '--plugin',
        message: `${origin} brings a ${kind} whose name is taken`,
        given: factory.name,
        accepted: `a name other than ${[...registry.keys()].join(', ')}`,
      })
    registry.set(factory.name, factory)
  }
}

/** The factory of that name. Throws `SimulatorError` `UNKNOWN_NAME` at `path`. */
export function named<T>(registry: Registry<T>, kind: string, name: string, path: string): T {
  const factory = registry.get(name)
  if (factory !== undefined) return factory
  throw new SimulatorError({
    code: 'UNKNOWN_NAME',
    path,
    message: `unknown ${kind}`,
    given: name,
    accepted: `${[...registry.keys()].join(', ')}, or one of a plug-in given by --plugin`,
    nearest: nearNames(name, registry.keys()),
  })
}
