/** Sections of a results file that hold series or grids, or say how it was made: no figures of a run. */
const aside: ReadonlySet<string> = new Set([
  'distributions',
  'memory_breakdown',
  'operators',
  'replications',
  'scenario',
  'time_series',
  'versions',
  'warnings',
])

/**
 * Every figure of a results file by its dotted path, as `first_token_latency.p99` or
 * `pools.decode.utilization`, in the order of the file; null where it has none. Entries of a list go by
 * their `name`; lists without names (replica by replica) and series are left out.
 */
export function resultFigures(results: object): Map<string, number | null> {
  const figures = new Map<string, number | null>()
  for (const [key, value] of Object.entries(results)) if (!aside.has(key)) collect(key, value)
  return figures

  function collect(path: string, value: unknown): void {
    if (typeof value === 'number' || value === null) figures.set(path, value)
    else if (Array.isArray(value)) {
      for (const entry of value as unknown[]) {
        const name = nameOf(entry)
        if (name !== undefined) collect(`${path}.${name}`, entry)
      }
    } else if (typeof value === 'object')
      for (const [key, below] of Object.entries(value)) collect(`${path}.${key}`, below)
  }
}

function nameOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null || !('name' in entry)) return undefined
  return typeof entry.name === 'string' ? entry.name : undefined
}
