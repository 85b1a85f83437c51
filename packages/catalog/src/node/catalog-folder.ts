import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SimulatorError } from '@llmsim/contracts'
import type { CatalogContents, EntryKind } from './catalog-contents.js'
import { emptyLists, entryKinds, kindOf } from './catalog-contents.js'
import { parseJson } from './json-text.js'

const skippedFolders = new Set(['node_modules', 'dist'])
const skippedFiles = /^(?:package|package-lock|tsconfig.*)\.json$/

/** One entry of a folder, or what is wrong with its file. */
export type FileOutcome =
  | { readonly file: string; readonly kind: EntryKind; readonly entry: unknown }
  | { readonly file: string; readonly error: unknown }

/**
 * The entries in the JSON files of a folder and its subfolders, in the order of their paths, or in
 * one JSON file. A file holds one entry or a list of them. Hidden files, `node_modules`, `dist` and
 * the manifests of packages are passed over.
 *
 * Throws `SimulatorError`: `FILE` for what cannot be read or is not JSON, `INVALID_VALUE` for a file
 * that holds something else than entries; its path is the file's name.
 */
export function readCatalogFolder(path: string): CatalogContents {
  return contentsOf(readOutcomes(path))
}

/** The entries of one JSON file, as {@link readCatalogFolder} reads them. */
export function readCatalogFile(path: string): CatalogContents {
  return contentsOf(readFile(path))
}

/** What each file of a folder (or the one file) holds, faults included. */
export function readOutcomes(path: string): FileOutcome[] {
  return entryFiles(path).flatMap(readFile)
}

function contentsOf(outcomes: readonly FileOutcome[]): CatalogContents {
  const found = emptyLists()
  const origins = new Map<unknown, string>()
  for (const outcome of outcomes) {
    if ('error' in outcome) throw outcome.error
    found[entryKinds[outcome.kind].list].push(outcome.entry)
    origins.set(outcome.entry, outcome.file)
  }
  return { ...found, origins }
}

function readFile(file: string): FileOutcome[] {
  let value: unknown
  try {
    value = parseJson(
      attempt(file, 'be read', () => readFileSync(file, 'utf8')),
      file,
    )
  } catch (error) {
    return [{ file, error }]
  }
  const entries: unknown[] = Array.isArray(value) ? value : [value]
  return entries.map((entry) => {
    try {
      return { file, kind: kindOf(entry, file), entry }
    } catch (error) {
      return { file, error }
    }
  })
}

function entryFiles(path: string): string[] {
  if (!attempt(path, 'be read', () => statSync(path)).isDirectory()) return [path]
  const files: string[] = []
  const listing = attempt(path, 'be listed', () => readdirSync(path, { withFileTypes: true }))
  for (const item of listing.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(path, item.name)
    if (item.name.startsWith('.')) continue
    if (item.isDirectory()) {
      if (!skippedFolders.has(item.name)) files.push(...entryFiles(inner))
    } else if (item.name.endsWith('.json') && !skippedFiles.test(item.name)) files.push(inner)
  }
  return files
}

function attempt<T>(path: string, verb: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    const missing = (cause as { code?: unknown }).code === 'ENOENT'
    throw new SimulatorError({
      code: 'FILE',
      path,
      message: missing ? 'does not exist' : `cannot ${verb}: ${(cause as Error).message}`,
      accepted: 'a folder of JSON files, or one JSON file',
    })
  }
}
