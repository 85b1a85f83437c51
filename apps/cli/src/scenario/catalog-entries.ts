import { parseWith, type Catalog } from '@llmsim/catalog'
import { Accelerator, Model, nearNames, SimulatorError } from '@llmsim/contracts'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { isHuggingFaceConfig, modelFromHuggingFace } from '../hugging-face/model-config.js'
import type { Registries } from '../registries.js'
import { isPlainObject, type PlainObject } from './assignments.js'
import { parseText, readText } from './scenario-file.js'

/** A catalog name, or a catalog entry written out. */
export type NameOrEntry = string | Readonly<Record<string, unknown>>

/** An entry, and how a resolved scenario writes it: a catalog name, or the entry itself. */
export interface FoundEntry<T> {
  readonly entry: T
  readonly written: NameOrEntry
}

/**
 * The model that `model` names, holds or points to: a catalog file, a Hugging Face `config.json`, or
 * a folder with one. Throws `SimulatorError` at `field`.
 */
export function findModel(
  given: NameOrEntry,
  field: string,
  registries: Registries,
  folders: readonly string[],
): FoundEntry<Model> {
  return find(given, field, registries.models, folders, (raw) =>
    parseWith(Model, isHuggingFaceConfig(raw) ? modelFromHuggingFace(raw, field) : raw, {
      path: field,
    }),
  )
}

/** The accelerator that a field names, holds or points to. Throws `SimulatorError` at `field`. */
export function findAccelerator(
  given: NameOrEntry,
  field: string,
  registries: Registries,
  folders: readonly string[],
): FoundEntry<Accelerator> {
  return find(given, field, registries.accelerators, folders, (raw) =>
    parseWith(Accelerator, raw, { path: field }),
  )
}

function find<T extends { readonly name: string }>(
  given: NameOrEntry,
  field: string,
  catalog: Catalog<T>,
  folders: readonly string[],
  parse: (raw: PlainObject) => T,
): FoundEntry<T> {
  if (typeof given !== 'string') {
    const entry = parse(given)
    return { entry, written: entry }
  }
  const file = entryFile(given, catalog, folders)
  if (file === undefined) {
    if (!catalog.has(given) && looksLikePath(given)) throw missingFile(given, field, catalog)
    if (!catalog.has(given) && given.includes(',')) throw listOfNames(given, field)
    const entry = catalog.get(given, field)
    return { entry, written: entry.name }
  }
  const raw = parseText(readText(file, `${field} (${given})`), `${field} (${given})`)
  if (!isPlainObject(raw))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: field,
      message: `${given} holds no ${catalog.kind}`,
      accepted: `a file with one ${catalog.kind}`,
    })
  const entry = parse(raw)
  return { entry, written: entry }
}

/** The file that holds an entry, where it is no name of the catalog: itself, or that of its folder. */
export function entryFile(
  given: string,
  catalog: Catalog<unknown>,
  folders: readonly string[],
): string | undefined {
  if (catalog.has(given)) return undefined
  const found = given === '' ? undefined : findFile(given, folders)
  if (found === undefined) return undefined
  const config = path.join(found, 'config.json')
  if (catalog.kind === 'model' && existsSync(config)) return config
  return looksLikePath(given) ? found : undefined
}

/** The first of the folders in which a relative path leads to something. */
export function findFile(file: string, folders: readonly string[]): string | undefined {
  return folders
    .map((folder) => path.resolve(folder, file))
    .find((candidate) => existsSync(candidate))
}

function looksLikePath(text: string): boolean {
  return /[/\\]|\.(json|ya?ml)$/i.test(text)
}

function listOfNames(given: string, field: string): SimulatorError {
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path: field,
    message: 'is a list (of all flags only --xpu takes one, and only in llmsim compare)',
    given,
    accepted: 'one name',
  })
}

function missingFile(given: string, field: string, catalog: Catalog<unknown>): SimulatorError {
  const lastPart = given.split(/[/\\]/).at(-1) ?? given
  return new SimulatorError({
    code: 'UNKNOWN_NAME',
    path: field,
    message: 'there is no such file',
    given,
    accepted: `an existing file, or a catalog name (llmsim ${catalog.kind === 'model' ? 'models' : 'hardware'} lists them)`,
    nearest: nearNames(lastPart, catalog.names()),
  })
}
