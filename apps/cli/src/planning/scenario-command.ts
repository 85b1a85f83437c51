import { scenarioFlags } from '../flags.js'
import { isPlainObject, type PlainObject } from '../scenario/assignments.js'

/** The line of `llmsim run` that simulates a scenario. */
export function runCommand(
  scenario: PlainObject,
  { catalog, plugin }: { readonly catalog: readonly string[]; readonly plugin: readonly string[] },
): string {
  const words = ['llmsim', 'run']
  for (const name of catalog) words.push('--catalog', quoted(name))
  for (const name of plugin) words.push('--plugin', quoted(name))
  for (const [field, value] of leaves(scenario, '')) {
    if (field === '$schema' || field === 'name') continue
    const row = scenarioFlags.find((each) => each.field === field)
    if (row === undefined || typeof value === 'object' || value === false)
      words.push('--set', quoted(`${field}=${JSON.stringify(value)}`))
    else if (row.kind === 'boolean') words.push(row.flag)
    else words.push(row.flag, quoted(typeof value === 'string' ? value : JSON.stringify(value)))
  }
  return words.join(' ')
}

function leaves(value: PlainObject, path: string): [field: string, value: unknown][] {
  return Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const field = path === '' ? key : `${path}.${key}`
    if (inner === undefined) return []
    // An entry of a catalog, and options, are set as a whole.
    const whole = /(^|\.)(model|xpu|options)$/.test(field)
    return isPlainObject(inner) && !whole ? leaves(inner, field) : [[field, inner]]
  })
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
