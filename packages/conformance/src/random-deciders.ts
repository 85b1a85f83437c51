import type { PrefillDecider, SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/**
 * The same specification, where there are prefill and decode pools in half of the cases with a decider, and in
 * a third with a first token that the decode replica makes.
 */
export function withRandomDeciders(seed: number, spec: SimulationSpec): SimulationSpec {
  if (spec.kvTransfer === undefined) return spec
  const random = new RandomNumbers(seed + 6_000_011)
  return {
    ...spec,
    ...(random.chance(0.5) ? { decider: randomDecider(random) } : {}),
    ...(random.chance(0.5) ? { firstTokenFrom: random.pick(['decode', 'decode', 'prefill']) } : {}),
  }
}

/** By the length of what is not cached, and by the queues. */
function randomDecider(random: RandomNumbers): PrefillDecider {
  const length = random.pick([0, 5, 50, 1e9])
  const queue = random.pick([1, 3, 1e9])
  return {
    name: 'any',
    decide: ({ promptTokens }, view) =>
      promptTokens - view.cachedTokens > length && view.prefillQueued < queue
        ? 'prefill'
        : 'decode',
  }
}
