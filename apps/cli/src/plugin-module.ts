import { SimulatorError, type Plugin } from '@llmsim/contracts'
import { pathToFileURL } from 'node:url'
import { moduleFile } from './module-file.js'

/** The lists that a plug-in may bring, and what each holds. */
const lists = {
  schedulers: 'scheduler',
  routers: 'router',
  admissionPolicies: 'admission policy',
  deciders: 'decider',
  costModels: 'cost model',
} as const

type ListName = keyof typeof lists

/**
 * Imports a plug-in: a JavaScript module, a folder that is a package, or an installed package, which
 * exports `schedulers`, `routers`, `admissionPolicies`, `deciders` or `costModels`, or has them in `plugin` or its default export.
 *
 * Throws `SimulatorError` at `--plugin`.
 */
export async function loadPlugin(pathOrPackage: string, cwd: string): Promise<Plugin> {
  const namespace = await importModule(pathOrPackage, cwd)
  const holder = [namespace, namespace.plugin, namespace.default].find(bringsList)
  if (holder === undefined)
    throw refusal(
      `${pathOrPackage} exports no schedulers, routers, admissionPolicies, deciders or costModels`,
      Object.keys(namespace),
      'a module that exports at least one of these lists',
    )
  for (const list of listNames(holder)) checkFactories(list, holder[list], pathOrPackage)
  return holder
}

async function importModule(
  pathOrPackage: string,
  cwd: string,
): Promise<Readonly<Record<string, unknown>>> {
  const file = moduleFile(pathOrPackage, cwd)
  if (file === undefined)
    throw new SimulatorError({
      code: 'FILE',
      path: '--plugin',
      message: 'is neither a module file nor an installed package',
      given: pathOrPackage,
      accepted: `a path or a package, found from ${cwd}`,
    })
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>
  } catch (error) {
    const failure = new SimulatorError({
      code: 'FILE',
      path: '--plugin',
      message: `${pathOrPackage} cannot be imported (${String(error).split('\n', 1)[0] ?? ''})`,
      accepted: 'a JavaScript module that loads',
    })
    failure.cause = error
    throw failure
  }
}

function bringsList(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && listNames(value).length > 0
}

function listNames(holder: object): ListName[] {
  return (Object.keys(lists) as ListName[]).filter((name) => name in holder)
}

function checkFactories(list: ListName, factories: unknown, origin: string): void {
  const accepted = 'a list of { name, description, create }'
  if (!Array.isArray(factories))
    throw refusal(`${list} of ${origin} is not a list`, factories, accepted)
  for (const [index, factory] of (factories as unknown[]).entries()) {
    const { name, create } = (factory ?? {}) as { name?: unknown; create?: unknown }
    if (typeof name !== 'string' || name === '' || typeof create !== 'function')
      throw refusal(`${list}[${index}] of ${origin} makes no ${lists[list]}`, factory, accepted)
  }
}

function refusal(message: string, given: unknown, accepted: string): SimulatorError {
  return new SimulatorError({ code: 'INVALID_VALUE', path: '--plugin', message, given, accepted })
}
