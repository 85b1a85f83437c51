import { isPlainObject } from './scenario/assignments.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** Where the options of a pool's policy stand: in the pool's own section, or in the common one. */
export function optionsPath(
  scenario: ResolvedScenario,
  poolPath: string,
  section: 'router' | 'scheduler',
): string {
  let pool: unknown = scenario
  for (const key of poolPath.split(/[.[\]]+/).filter((part) => part !== ''))
    pool = (pool as Readonly<Record<string, unknown>> | undefined)?.[key]
  const own = isPlainObject(pool) ? pool[section] : undefined
  const isOwn = isPlainObject(own) && own.options !== undefined
  return isOwn ? `${poolPath}.${section}.options` : `${section}.options`
}
