import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The fields of one line of a CSV file, quotes undone. */
function fieldsOf(line) {
  if (!line.includes('"')) return line.split(',')
  const fields = []
  for (const match of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g))
    fields.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'))
  return fields
}

const value = (text) => (text === '' || Number.isNaN(Number(text)) ? text : Number(text))

/** The rows of a CSV file as objects, numbers as numbers. */
export function readTable(file) {
  const [header, ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/)
  const names = fieldsOf(header)
  return lines.map((line) => {
    const row = {}
    for (const [i, field] of fieldsOf(line).entries()) row[names[i]] = value(field)
    return row
  })
}

/** Tables of aiconfigurator by `<system>` and kind, columns that its index took out put back in. */
export class SiliconTables {
  #folder
  #index

  constructor(folder) {
    this.#folder = folder
    this.#index = readTable(path.join(folder, 'index.csv'))
  }

  /** Rows of all tables of a kind, of the first of `engines` that has one. */
  rows(system, kind, engines) {
    const ofKind = this.#index.filter(
      ({ file }) => file.startsWith(`${system}/`) && file.endsWith(`.${kind}.csv`),
    )
    for (const engine of engines) {
      const entries = ofKind.filter((entry) => entry.engine === engine)
      if (entries.length > 0) return entries.flatMap((entry) => this.#read(entry))
    }
    return []
  }

  #read({ file, engine, constant_columns: constants }) {
    const fixed = { engine }
    for (const pair of String(constants).split('; ')) {
      const at = pair.indexOf('=')
      if (at > 0) fixed[pair.slice(0, at)] = value(pair.slice(at + 1))
    }
    return readTable(path.join(this.#folder, file)).map((row) => ({ ...fixed, ...row }))
  }
}

/** Files with an ending below a folder, in order; none when there is no such folder. */
export function filesBelow(folder, ending) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .toSorted()
    .map((file) => path.join(folder, file))
}
