import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SimulatorError } from '@llmsim/contracts'
import { valueAt } from '../field-path.js'
import type { CatalogContents, EntryList } from './catalog-contents.js'
import { emptyLists, entryKinds, kindNames } from './catalog-contents.js'
import { readCatalogFile, readCatalogFolder } from './catalog-folder.js'
import { folderEntry, packageEntry } from './package-entry.js'

/** The exports that a catalog may have. */
const lists = kindNames.map((kind) => entryKinds[kind].list).join(', ')

/**
 * The entries of a catalog, which is one of: a folder of JSON files, one JSON file, a JavaScript
 * module (or a folder that is a package) or an installed package. Modules and packages export
 * `models`, `accelerators`, `calibrations` or `engineProfiles` as lists of entries; other exports are
 * left alone.
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
      accepted: `a JavaScript module that exports ${lists}`,
    })
  }
  const found = emptyLists()
  const origins = new Map<unknown, string>()
  let exported = 0
  for (const kind of kindNames) {
    const { list } = entryKinds[kind]
    const entries = exportedEntries(namespace, list, origin)
    if (entries === undefined) continue
    exported++
    found[list].push(...entries)
    for (const entry of entries) origins.set(entry, origin)
  }
  if (exported === 0)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: origin,
      message: 'exports no list of entries',
      accepted: `exports named ${lists}, each a list of entries`,
    })
  return { ...found, origins }
}

/** An export of a module, or of the default export that a CommonJS module arrives as. */
function exportedEntries(
  namespace: unknown,
  name: EntryList,
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
