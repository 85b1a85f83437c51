import type {
  RequestClassSpec,
  RequestDraft,
  RequestSource,
  SimulationSpec,
} from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

const classes: readonly RequestClassSpec[] = [
  { name: 'chat', objectives: { ttftSeconds: 0.2 } },
  { name: 'batch', priority: -1 },
]

/** The same specification, in half of the cases with requests of classes, tenants and sessions. */
export function withRandomSenders(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 1_000_003)
  if (random.chance(0.5)) return spec
  return { ...spec, source: sentBySome(spec.source, random), classes, tenants: ['a', 'b', 'c'] }
}

function sentBySome(source: RequestSource, random: RandomNumbers): RequestSource {
  return {
    ...source,
    next(into: RequestDraft): boolean {
      if (!source.next(into)) return false
      into.classId = random.whole(-1, 1)
      into.tenantId = random.whole(-1, 2)
      // Where requests follow answers, their sessions are their own.
      if (source.completed === undefined) into.sessionId = random.whole(-1, 8)
      return true
    },
  }
}
