import { nearNames, SimulatorError } from '@llmsim/contracts'
import type { z } from 'zod'
import { parseWith } from './parse.js'

/** What all entries come from, or where each of them (by identity) does: a file or package name. */
export type EntryOrigin = string | ReadonlyMap<unknown, string>

export interface CatalogOptions<T> {
  /** What an entry is, for messages: `model`, `accelerator`. */
  readonly kind: string
  /** Checks an entry when it is first asked for. */
  readonly schema: z.ZodType<T>
  /** Plain objects with a `name` and, optionally, `aliases`. */
  readonly entries: Iterable<unknown>
  /** Path of the entries in errors about one of them; `kind` where absent. */
  readonly path?: string
  /** Where the entries come from, for errors about two of one name. */
  readonly origin?: EntryOrigin
}

/** Named entries; names and aliases are looked up without regard to case. */
export interface Catalog<T> {
  /** What an entry is: `model`, `accelerator`. */
  readonly kind: string
  /**
   * The entry of that name or alias.
   *
   * Throws `SimulatorError` at `path` (the field that holds the name, `cluster.xpu`):
   * `UNKNOWN_NAME` with the nearest names, or the fault of an entry that its schema refuses.
   */
  get(nameOrAlias: string, path?: string): T
  /** Whether there is an entry of that name or alias. */
  has(nameOrAlias: string): boolean
  /** Names, without aliases, in alphabetical order. */
  names(): string[]
  /** All entries in the order of their names. Throws `SimulatorError` for the first invalid one. */
  entries(): T[]
  /**
   * A catalog with these entries too; this one stays as it is.
   *
   * Throws `SimulatorError` `DUPLICATE_NAME` for a name or alias that is taken, naming both origins.
   */
  extend(entries: Iterable<unknown>, origin?: EntryOrigin): Catalog<T>
}

interface Slot<T> {
  readonly name: string
  readonly raw: unknown
  readonly origin: string | undefined
  parsed?: T
}

/**
 * A catalog of entries that are checked when they are asked for; only names are read up front.
 *
 * Throws `SimulatorError`: `INVALID_VALUE` for an entry without a proper name, `DUPLICATE_NAME` for
 * two entries of one name or alias.
 */
export function createCatalog<T>(options: CatalogOptions<T>): Catalog<T> {
  const index = new Map<string, Slot<T>>()
  addAll(index, options, options.entries, options.origin)
  return new NamedEntries(options, index)
}

class NamedEntries<T> implements Catalog<T> {
  readonly kind: string
  readonly #options: CatalogOptions<T>
  /** By name and by alias, in lower case. */
  readonly #index: ReadonlyMap<string, Slot<T>>

  constructor(options: CatalogOptions<T>, index: ReadonlyMap<string, Slot<T>>) {
    this.kind = options.kind
    this.#options = options
    this.#index = index
  }

  get(nameOrAlias: string, path: string = this.kind): T {
    const slot = this.#index.get(nameOrAlias.toLowerCase())
    if (slot !== undefined && typeof nameOrAlias === 'string') return this.#parsed(slot)
    throw new SimulatorError({
      code: 'UNKNOWN_NAME',
      path,
      message: `unknown ${this.kind}`,
      given: nameOrAlias,
      accepted: `a name in the catalog of ${String(this.names().length)} ${this.kind}s`,
      nearest: nearNames(nameOrAlias, this.#index.keys()),
    })
  }

  has(nameOrAlias: string): boolean {
    return this.#index.has(nameOrAlias.toLowerCase())
  }

  names(): string[] {
    return this.#slots().map((slot) => slot.name)
  }

  entries(): T[] {
    return this.#slots().map((slot) => this.#parsed(slot))
  }

  extend(entries: Iterable<unknown>, origin?: EntryOrigin): Catalog<T> {
    const index = new Map(this.#index)
    addAll(index, this.#options, entries, origin)
    return new NamedEntries(this.#options, index)
  }

  #slots(): Slot<T>[] {
    return [...new Set(this.#index.values())].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #parsed(slot: Slot<T>): T {
    slot.parsed ??= parseWith(this.#options.schema, slot.raw, {
      path: `${this.#options.path ?? this.kind}[${slot.name}]`,
      ...(slot.origin === undefined ? {} : { origin: slot.origin }),
    })
    return slot.parsed
  }
}

function addAll<T>(
  index: Map<string, Slot<T>>,
  { kind, path = kind }: CatalogOptions<T>,
  entries: Iterable<unknown>,
  origin: EntryOrigin | undefined,
): void {
  let position = 0
  for (const raw of entries) {
    const from = typeof origin === 'string' ? origin : origin?.get(raw)
    const [name, ...aliases] = namesOf(raw, `${path}[${String(position++)}]`, from)
    const slot: Slot<T> = { name, raw, origin: from }
    for (const word of [name, ...aliases]) {
      const key = word.toLowerCase()
      const taken = index.get(key)
      if (taken !== undefined) throw duplicate(kind, `${path}[${name}]`, word, taken, slot)
      index.set(key, slot)
    }
  }
}

/** An entry's name and aliases; everything else stays unread. */
function namesOf(raw: unknown, path: string, origin: string | undefined): [string, ...string[]] {
  const refuse = (field: string, message: string, given: unknown, accepted: string): never => {
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: `${path}${field}`,
      message: origin === undefined ? message : `${message} (in ${origin})`,
      given,
      accepted,
    })
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return refuse('', 'is not an entry', raw, 'an object with a name')
  const { name, aliases = [] } = raw as { name?: unknown; aliases?: unknown }
  if (typeof name !== 'string' || name === '')
    return refuse('.name', name === undefined ? 'is required' : 'is not a name', name, 'text')
  if (!Array.isArray(aliases) || !aliases.every((alias) => typeof alias === 'string'))
    return refuse('.aliases', 'is not a list of names', aliases, 'a list, each text')
  return [name, ...aliases]
}

function duplicate<T>(
  kind: string,
  path: string,
  word: string,
  taken: Slot<T>,
  added: Slot<T>,
): SimulatorError {
  const first = `${taken.name}${taken.origin === undefined ? '' : ` in ${taken.origin}`}`
  const second = `${added.name}${added.origin === undefined ? '' : ` in ${added.origin}`}`
  return new SimulatorError({
    code: 'DUPLICATE_NAME',
    path,
    message: `the ${kind} name ${word} is used by ${first} and by ${second}`,
    given: word,
    accepted: 'a name or alias that no other entry has',
  })
}
