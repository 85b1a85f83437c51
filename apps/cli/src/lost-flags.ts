import { scenarioFlags } from './flags.js'

/** Flags beside those of the scenario that no setting of npm is called after. */
const otherFlags = ['--config', '--catalog', '--plugin']

/**
 * What to do about flags that npm kept for itself: `npm run llmsim --model a` hands on `a` alone, and
 * the flag as a variable of the environment. Empty where nothing hints at that.
 */
export function lostFlagsHint(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (argv.some((word) => word.startsWith('-'))) return ''
  const flags = scenarioFlags.flatMap(({ flag, alias }) => [flag, ...(alias ? [alias] : [])])
  const lost = [...flags, ...otherFlags].find(
    (flag) => env[`npm_config_${flag.slice(2).replaceAll('-', '_')}`] !== undefined,
  )
  if (lost === undefined) return ''
  const script = env.npm_lifecycle_event ?? 'llmsim'
  return `  put -- before the flags: npm run ${script} -- ${lost} …\n`
}
