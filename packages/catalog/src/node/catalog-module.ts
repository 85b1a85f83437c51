import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SimulatorError } from '@llmsim/contracts'
import { valueAt } from '../field-path.js'
import type { CatalogContents } from './catalog-contents.js'
import { readCatalogFile, readCatalogFolder } from './catalog-folder.js'
import { folderEntry, packageEntry } from './package-entry.js'

/**
 * The entries of a catalog, which is one of: a folder of JSON files, one JSON file, a JavaScript
 * module (or a folder that is a package) or an installed package. Modules and packages export
 * `models`, `accelerators` or both as lists of entries; other exports are left alone.
 *
 * Paths and packages are looked up from the folder `from`; a path that exists goes before a package
 * of the same name. Importing a module runs its code.
 *
 * Throws `SimulatorError`: `FILE` for what does not exist or cannot be loaded, `INVALID_VALUE` for
 * what holds no entries.
 */
export async function loadCatalog(pathOrPackage: string, from: string): Promise<CatalogContents> {
  const path = resolve(from, pathOrPackage)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory() === true) {
    const entry = folderEntry(path)
    return entry === undefined ? readCatalogFolder(path) : await importCatalog(entry, pathOrPackage)
  }
  if (found !== undefined)
    return path.endsWith('.json') ? readCatalogFile(path) : await importCatalog(path, pathOrPackage)
  const entry = isPath(pathOrPackage) ? undefined : packageEntry(pathOrPackage, from)
  if (entry !== undefined) return await importCatalog(entry, pathOrPackage)
  throw new SimulatorError({
    code: 'FILE',
    path: pathOrPackage,
    message: isPath(pathOrPackage)
      ? `does not exist (looked for ${path})`
      : `is neither a path nor an installed package that exports a module (looked from ${resolve(from)})`,
    accepted: 'a folder of JSON files, a JSON file, a module or an installed package',
  })
}

function isPath(specifier: string): boolean {
  return /^(?:\.{0,2}[/\\]|\.{1,2}$|[A-Za-z]:[/\\])/.test(specifier) || specifier.endsWith('.json')
}

async function importCatalog(file: string, origin: string): Promise<CatalogContents> {
  let namespace: unknown
  try {
    namespace = await import(/* @vite-ignore */ pathToFileURL(file).href)
  } catch (cause) {
    throw new SimulatorError({
      code: 'FILE',
      path: origin,
      message: `cannot be imported: ${cause instanceof Error ? cause.message : String(cause)}`,
      accepted: 'a JavaScript module that exports models or accelerators',
    })
  }
  const models = exportedEntries(namespace, 'models', origin)
  const accelerators = exportedEntries(namespace, 'accelerators', origin)
  if (models === undefined && accelerators === undefined)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: origin,
      message: 'exports neither models nor accelerators',
      accepted: 'exports named models or accelerators, each a list of entries',
    })
  const all = [...(models ?? []), ...(accelerators ?? [])]
  return {
    models: models ?? [],
    accelerators: accelerators ?? [],
    origins: new Map(all.map((entry) => [entry, origin])),
  }
}

/** An export of a module, or of the default export that a CommonJS module arrives as. */
function exportedEntries(
  namespace: unknown,
  name: 'models' | 'accelerators',
  origin: string,
): readonly unknown[] | undefined {
  const value = valueAt(namespace, [name]) ?? valueAt(namespace, ['default', name])
  if (value === undefined || Array.isArray(value)) return value
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: `${origin}.${name}`,
    message: 'is not a list of entries',
    given: value,
    accepted: 'a list of entries',
  })
}
