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
    if (field === 'slo' && isPlainObject(value)) words.push(...objectiveFlags(value))
    else if (row === undefined || typeof value === 'object' || value === false)
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
    const whole = field === 'slo' || /(^|\.)(model|xpu|options)$/.test(field)
    return isPlainObject(inner) && !whole ? leaves(inner, field) : [[field, inner]]
  })
}

/** Limits of requests and of quantiles, as flags take them: `--slo-ttft 2s,p99=500ms`. */
function objectiveFlags(slo: PlainObject): string[] {
  return (['ttft', 'tpot', 'e2e'] as const).flatMap((latency) => {
    const each = slo[`${latency}_ms`]
    const percentiles = slo[`${latency}_percentiles_ms`]
    const parts = [
      ...(typeof each === 'number' ? [timeText(each)] : []),
      ...Object.entries(isPlainObject(percentiles) ? percentiles : {}).map(
        ([name, limit]) => `${quantileText(name)}=${timeText(Number(limit))}`,
      ),
    ]
    return parts.length === 0 ? [] : [`--slo-${latency}`, quoted(parts.join(','))]
  })
}

function timeText(ms: number): string {
  return ms >= 1000 && ms % 100 === 0 ? `${ms / 1000}s` : `${decimalText(ms)}ms`
}

/** Flags take no exponent. */
function decimalText(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(15).replace(/\.?0+$/, '') : text
}

/** `p99.9` of `p999`. */
function quantileText(name: string): string {
  return name.length > 3 ? `${name.slice(0, 3)}.${name.slice(3)}` : name
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
