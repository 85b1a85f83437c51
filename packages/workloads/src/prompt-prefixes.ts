import { type PromptBlocks, type RequestSource, SimulatorError } from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { changedSource } from './changed-source.js'

/** Beginnings that prompts have in common, as system prompts are. */
export interface SharedPrefixes {
  /** Tokens of each; a shorter prompt is the beginning of one. */
  readonly tokens: number
  /** How many there are; each request has one of them, all with the same probability. */
  readonly count: number
  /** An integer of at most 2^53 - 1 in size. */
  readonly seed: number
}

/**
 * The same requests, whose prompts begin alike: nothing but what a prefix cache knows of them changes. The
 * prefix is drawn from the named stream `shared-prefixes`. Requests that say themselves what their
 * prompts begin with keep that.
 *
 * @throws SimulatorError INVALID_VALUE for a number out of range.
 */
export function withSharedPrefixes(
  source: RequestSource,
  { tokens, count, seed }: SharedPrefixes,
): RequestSource {
  check('shared_prefix_length', tokens)
  check('num_shared_prefixes', count)
  const stream = randomStream(seed, 'shared-prefixes')
  const ids = new Float64Array(1)
  const prompt: PromptBlocks = { ids, count: 1, blockTokens: tokens }
  return changedSource(source, (into) => {
    ids[0] = Math.floor(stream.next() * count)
    into.promptBlocks ??= prompt
  })
}

function check(field: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: `workload.${field}`,
    message: 'is out of range',
    given: value,
    accepted: 'a whole number from 1 up',
  })
}
