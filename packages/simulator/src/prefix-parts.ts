import type { Distribution, Slot } from '@llmsim/contracts'
import type { EventQueue } from '@llmsim/engine'
import type { PrefixPaths } from './prefix-paths.js'
import type { PromptContents } from './prompt-contents.js'

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
