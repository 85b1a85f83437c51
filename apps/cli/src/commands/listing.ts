import type { Io } from '../io.js'
import { jsonText } from '../output/results-document.js'
import { textTable } from '../output/text-table.js'
import { loadRegistries, type Registries, type RegistryOptions } from '../registries.js'

export interface ListOptions extends RegistryOptions {
  readonly json?: boolean
}

/** One kind of catalog entry, as its command shows it. */
export interface Listing<T> {
  find(name: string, registries: Registries, folders: readonly string[]): T
  entries(registries: Registries): readonly T[]
  describe(entry: T): string
  readonly header: readonly string[]
  row(entry: T): string[]
}

/** Lists the entries of a kind, or shows one: by name, or that of a file. */
export async function list<T>(
  listing: Listing<T>,
  name: string | undefined,
  options: ListOptions,
  io: Io,
): Promise<void> {
  const registries = await loadRegistries(options, io.cwd)
  if (name !== undefined) {
    const entry = listing.find(name, registries, [io.cwd])
    io.stdout(options.json === true ? jsonText(entry) : listing.describe(entry))
    return
  }
  const entries = listing.entries(registries)
  io.stdout(
    options.json === true
      ? jsonText(entries)
      : `${textTable([[...listing.header], ...entries.map((entry) => listing.row(entry))])}\n`,
  )
}
