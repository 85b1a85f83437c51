import type { KvTierSpec, PrefixCachingSpec, Slot } from '@llmsim/contracts'
import { FifoServer } from '@llmsim/engine'
import { overlapSeconds } from '@llmsim/metrics'
import { KvTier } from './kv-tier.js'
import type { PrefixTree } from './prefix-tree.js'
import type { PromptContents } from './prompt-contents.js'

/** What a replica loses: itself, its node for a while, or the machine for good. */
export type Loss = 'replica' | 'node' | 'machine'

/** The tiers that all replicas of a pool share, by their place among all; undefined where each has its own. */
export type SharedTiers = readonly (KvTier | undefined)[]

/** Makes the tiers that the replicas of a pool share. */
export function sharedTiers(
  spec: PrefixCachingSpec | undefined,
  contents: PromptContents | undefined,
  blockSize: number,
): SharedTiers {
  if (contents === undefined) return []
  const tiers: (KvTier | undefined)[] = []
  const { tiers: specs = [] } = spec ?? {}
  for (let i = specs.length - 1; i >= 0; i--)
    tiers[i] =
      specs[i]!.scope === 'pool'
        ? new KvTier(specs[i]!, contents, blockSize, tiers[i + 1])
        : undefined
  return tiers
}

/** The memories below a replica's KV blocks, from the fastest down, each behind a link of its own. */
export class TierStack {
  readonly tiers: readonly KvTier[]
  /** Bytes of a KV block. */
  readonly blockBytes: number
  /** Of these, what only the last block that is read is read with. */
  readonly #stateBytes: number
  /** Seconds in which each link read, inside the measured window. */
  readonly readSeconds: number[]
  #links: readonly FifoServer[]
  readonly #start: number
  readonly #end: number

  constructor(
    spec: PrefixCachingSpec,
    shared: SharedTiers,
    contents: PromptContents,
    blockSize: number,
    window: { readonly windowStart: number; readonly windowEnd: number },
  ) {
    const { tiers: specs = [] } = spec
    const tiers: KvTier[] = []
    for (let i = specs.length - 1; i >= 0; i--)
      tiers[i] = shared[i] ?? new KvTier(specs[i]!, contents, blockSize, tiers[i + 1])
    this.tiers = tiers
    this.#links = tiers.map(() => new FifoServer())
    this.readSeconds = tiers.map(() => 0)
    this.blockBytes = spec.blockBytes
    this.#stateBytes = spec.stateBytes ?? 0
    this.#start = window.windowStart
    this.#end = window.windowEnd
  }

  /** Blocks of a path's end have been computed. */
  computed(tree: PrefixTree, node: number, count: number): void {
    for (const tier of this.tiers) if (tier.spec.write === 'through') tier.store(tree, node, count)
  }

  /** Blocks of a path's end are about to leave the memory of the devices. */
  evicting(tree: PrefixTree, node: number, count: number): void {
    const first = this.tiers[0]!
    if (first.spec.write === 'back') first.store(tree, node, count)
  }

  /**
   * Reads what follows the first `from` of a request's blocks, `most` blocks at most, each from the first
   * tier that has it.
   *
   * @param ends - by tier, the block at which what it gives ends
   * @returns when all is there, in seconds
   */
  read(slot: Slot, from: number, most: number, now: number, ends: Int32Array): number {
    let ready = now
    let last = from
    this.tiers.forEach((tier, i) => {
      last = tier.endFrom(slot, last, most)
      ends[i] = last
    })
    let at = from
    this.tiers.forEach((tier, i) => {
      const end = ends[i]!
      if (end === at) return
      tier.touch(slot, end)
      const blocks = (end - at) * (this.blockBytes - this.#stateBytes)
      const bytes = blocks + (end === last ? this.#stateBytes : 0)
      tier.readBytes += bytes
      const { bandwidthBytesPerSecond, latencySeconds } = tier.spec
      const seconds = bytes / bandwidthBytesPerSecond
      const sent = this.#links[i]!.serve(now, seconds)
      this.readSeconds[i]! += overlapSeconds(sent - seconds, sent, this.#start, this.#end)
      ready = Math.max(ready, sent + latencySeconds)
      at = end
    })
    return ready
  }

  /** The replica has lost its memory, and what is below it as far as that does not outlast it. */
  clear(what: Loss, now: number): void {
    this.#links.forEach(({ freeAt }, i) => {
      // What was being read does not come any more.
      if (freeAt > now) this.readSeconds[i]! -= overlapSeconds(now, freeAt, this.#start, this.#end)
    })
    this.#links = this.tiers.map(() => new FifoServer())
    for (const tier of this.tiers) if (!outlasts(tier.spec, what)) tier.clear()
  }
}

function outlasts({ scope, survives = 'none' }: KvTierSpec, what: Loss): boolean {
  if (scope === 'pool') return true
  if (what === 'machine') return false
  return survives === 'node' || (survives === 'replica' && what === 'replica')
}
