import type { RequestDraft, SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/** The same specification, in half of the cases with predicted output lengths and limits of clients. */
export function withRandomExpectations(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 4_000_037)
  if (random.chance(0.5)) return spec
  const { source } = spec
  return {
    ...spec,
    source: {
      ...source,
      next(into: RequestDraft): boolean {
        if (!source.next(into)) return false
        into.predictedOutputTokens = Math.ceil(into.outputTokens * 2 * random.next())
        // Some clients state no limit, and most outputs stay within it.
        into.maxOutputTokens = random.whole(0, 3) * Math.ceil(into.outputTokens * random.next())
        return true
      },
    },
  }
}
