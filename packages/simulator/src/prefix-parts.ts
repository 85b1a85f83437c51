import type { Distribution, DistributionFactory, SimulationSpec, Slot } from '@llmsim/contracts'
import type { EventQueue } from '@llmsim/engine'
import { PrefixPaths } from './prefix-paths.js'
import { PromptContents } from './prompt-contents.js'

/** What is read from tiers, as those see it who have no part in the reading. */
export interface PendingReads {
  /** Counts the tiers from which the `blocks` blocks came that a request found. */
  admitted(slot: Slot, blocks: number, counts: boolean): void
  /** Nobody waits for a request any more; whether it was one that waits for a tier. */
  withdraw(slot: Slot, queue: EventQueue): boolean
}

/** What the prefix caches of a run share. */
export interface PrefixParts {
  readonly contents: PromptContents
  readonly paths: PrefixPaths
  /** Shares of their prompts that requests found where they are prefilled. */
  readonly hitRates: Distribution
  /** Only where a pool has tiers. */
  readonly reads: PendingReads | undefined
  /** The measured window, in seconds: requests that arrive in it are counted. */
  readonly windowStart: number
  readonly windowEnd: number
}

/** Makes them for a run; undefined where no pool has a prefix cache. */
export function prefixPartsOf(
  { pools, warmUpSeconds, durationSeconds }: SimulationSpec,
  newDistribution: DistributionFactory,
  reads: PendingReads | undefined,
): PrefixParts | undefined {
  if (!pools.some(({ prefixCaching }) => prefixCaching !== undefined)) return undefined
  return {
    contents: new PromptContents(),
    paths: new PrefixPaths(),
    hitRates: newDistribution(),
    reads,
    windowStart: warmUpSeconds,
    windowEnd: durationSeconds,
  }
}
