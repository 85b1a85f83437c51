import { nearNames, SimulatorError } from '@llmsim/contracts'
import { conflict } from './conflict.js'
import type { ResolvedScenario } from './resolved-scenario.js'

/**
 * Refuses limits of the policy `shed` for kinds of requests that never come. Throws `SimulatorError` `CONFLICT`
 * where requests have no classes, `UNKNOWN_NAME` for a kind that is none of theirs.
 */
export function checkAdmission({ admission, workload }: ResolvedScenario): void {
  if (admission?.name !== 'shed') return
  const { limits, by = 'class' } = admission.options
  if (typeof limits !== 'object' || limits === null || Array.isArray(limits)) return
  for (const kind of Object.keys(limits)) {
    const path = `admission.options.limits.${kind}`
    if (by === 'class') checkClass(kind, path, workload)
    else if (by === 'priority') checkPriority(kind, path, workload)
  }
}

function checkClass(kind: string, path: string, { classes }: ResolvedScenario['workload']): void {
  const names = classes?.map(({ name }) => name)
  if (names === undefined)
    throw conflict(
      path,
      'is a limit for a class of requests, of which there are none',
      'workload.classes beside it, by=priority, or otherwise=LOAD for all requests',
    )
  if (!names.includes(kind)) refuseKind('class', kind, path, names, nearNames(kind, names))
}

/** Nobody knows before a run which priorities the rows of a trace have. */
function checkPriority(
  kind: string,
  path: string,
  { classes, trace }: ResolvedScenario['workload'],
): void {
  if (trace !== undefined) return
  const priorities = new Set(classes?.map(({ priority = 0 }) => String(priority)) ?? ['0'])
  if (!priorities.has(kind)) refuseKind('priority', kind, path, [...priorities])
}

function refuseKind(
  what: string,
  kind: string,
  path: string,
  accepted: readonly string[],
  nearest: readonly string[] = [],
): never {
  throw new SimulatorError({
    code: 'UNKNOWN_NAME',
    path,
    message: `no request has this ${what}`,
    given: kind,
    accepted: accepted.join(', '),
    nearest,
  })
}
