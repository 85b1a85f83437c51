import type { Distribution, Slot } from '@llmsim/contracts'
import type { KvBlocks } from './kv-blocks.js'
import type { PendingReads, PrefixParts } from './prefix-parts.js'
import type { PrefixPaths } from './prefix-paths.js'
import { NO_NODE, PrefixTree } from './prefix-tree.js'
import type { PromptContents } from './prompt-contents.js'
import type { RequestTable } from './request-table.js'
import type { Loss, TierStack } from './tier-stack.js'

/** States of a cache that are told apart from those of another. */
const STATES = 2 ** 40

/**
 * The KV blocks of one replica by content: those that running requests share, and those that nobody holds
 * but that are kept until their room is needed, the least recently used first.
 *
 * Of a request's blocks the full ones that have been computed can be found: those of its prompt from the
 * end of the step that computed them, those of its answer once it ends or is preempted. A request
 * that computed what another one has computed meanwhile shares the other's blocks from then on.
 */
export class PrefixCache {
  /** KV blocks that are kept and held by nobody. */
  kept: number = 0
  evicted: number = 0
  /** Requests that were admitted, of those that arrived in the measured window, and their prompts' tokens. */
  requests: number = 0
  promptTokens: number = 0
  hitTokens: number = 0
  computedTokens: number = 0
  /** What `look` and `find` found: KV blocks, and those of them that running requests hold. */
  found: number = 0
  readonly tiers: TierStack | undefined
  foundHeld: number = 0
  readonly #prefills: boolean
  readonly #hitRates: Distribution | undefined
  protected readonly kv: KvBlocks
  protected readonly table: RequestTable
  protected readonly contents: PromptContents
  protected readonly paths: PrefixPaths
  readonly #reads: PendingReads | undefined
  protected readonly tree: PrefixTree
  readonly #windowStart: number
  readonly #windowEnd: number
  /** Changes whenever a look might find something else. */
  protected state: number

  /**
   * @param prefills - whether prompts are computed here: then the shares that are found are kept
   * @param index - a number that no other cache of the run has
   * @param tiers - memory below that of the devices
   */
  constructor(
    kv: KvBlocks,
    table: RequestTable,
    parts: PrefixParts,
    prefills: boolean,
    index: number,
    tiers?: TierStack,
    tree: PrefixTree = new PrefixTree(),
  ) {
    this.tree = tree
    this.tiers = tiers
    this.kv = kv
    this.table = table
    this.contents = parts.contents
    this.paths = parts.paths
    this.#reads = parts.reads
    this.#prefills = prefills
    this.#hitRates = prefills ? parts.hitRates : undefined
    this.#windowStart = parts.windowStart
    this.#windowEnd = parts.windowEnd
    this.state = index * STATES
  }

  /** Lets kept blocks go that have no room beside `used` ones. */
  settle(used: number): void {
    // Blocks may go back in the middle of a run of steps, which has grown until now.
    this.kv.notePeak(used)
    let over = used + this.kept - this.kv.total
    if (over <= 0) return
    while (over > 0 && this.kept > 0) {
      if (this.tiers !== undefined) this.#passOn(this.tiers, over)
      const gone = this.tree.evictOldest(over)
      over -= gone
      this.kept -= gone
      this.evicted += gone
    }
    this.state++
  }

  /** Finds how much of a request's tokens is here, at least one of them left to compute. */
  look(slot: Slot): void {
    const table = this.table
    const paths = this.paths
    if (paths.seenAt[slot] !== this.state) {
      this.find(slot, Math.floor((table.prefillTarget[slot]! - 1) / this.kv.size))
      paths.seenAt[slot] = this.state
      paths.seenBlocks[slot] = this.found
      paths.seenHeld[slot] = this.foundHeld
    }
    this.found = paths.seenBlocks[slot]!
    this.foundHeld = paths.seenHeld[slot]!
  }

  /** Takes what is found of a request's tokens for it, `most` blocks at most; returns how many. */
  acquire(slot: Slot, most: number): number {
    const { nodes, blocks } = this.paths
    return this.#acquire(slot, most, nodes, blocks)
  }

  /** KV blocks of a request that are in the tree. */
  unitsOf(slot: Slot): number {
    return this.paths.blocks[slot]!
  }

  /** KV blocks of a KV cache of so many tokens that is to be sent here which requests hold already. */
  heldForTransfer(slot: Slot, tokens: number): number {
    this.find(slot, Math.floor(tokens / this.kv.size))
    return this.foundHeld
  }

  /** Takes what is here of a KV cache of so many tokens that is sent; returns how many blocks of tokens. */
  acquireForTransfer(slot: Slot, tokens: number): number {
    const { targetNodes, targetBlocks } = this.paths
    return this.#acquire(slot, Math.floor(tokens / this.kv.size), targetNodes, targetBlocks)
  }

  /** KV blocks that it then holds of those. */
  unitsForTransfer(slot: Slot): number {
    return this.paths.targetBlocks[slot]!
  }

  /**
   * The first `computed` tokens of a request are in its blocks: those that others may have can be found from
   * now on. Returns the blocks that became free, since others had computed the same.
   *
   * @param used - KV blocks in use now
   */
  commit(slot: Slot, computed: number, used: number): number {
    const { size } = this.kv
    const full = Math.floor(computed / size)
    const held = this.paths.blocks[slot]!
    if (full <= held) return 0
    const sharable = this.contents.sharableBlocks(slot, size)
    if (sharable <= held) return 0
    this.settle(used)
    return this.#commit(slot, Math.min(full, sharable))
  }

  /**
   * A request that has `computed` tokens in its `blocks` KV blocks lets them go; the full ones are kept.
   *
   * @param gone - it does not come back
   * @param used - KV blocks in use now, its own included
   */
  release(slot: Slot, computed: number, blocks: number, gone: boolean, used: number): void {
    const kv = this.kv
    const tree = this.tree
    const paths = this.paths
    this.settle(used)
    const full = Math.floor(computed / kv.size)
    if (full > paths.blocks[slot]!) this.#keepAll(slot, full, gone)
    let freed = blocks - paths.blocks[slot]!
    const { holders, parents } = tree
    for (let node = paths.nodes[slot]!; node !== NO_NODE; node = parents[node]!) {
      if (--holders[node]! > 0) continue
      tree.list(node)
      freed += tree.blocks[node]!
      this.kept += tree.blocks[node]!
    }
    paths.nodes[slot] = NO_NODE
    paths.blocks[slot] = 0
    kv.allocate(-freed)
    this.state++
  }

  /** The same for what `acquireForTransfer` took, whose KV cache will not come after all. */
  releaseTransfer(slot: Slot, blocks: number, used: number): void {
    const paths = this.paths
    const node = paths.nodes[slot]!
    const held = paths.blocks[slot]!
    paths.nodes[slot] = paths.targetNodes[slot]!
    paths.blocks[slot] = paths.targetBlocks[slot]!
    this.release(slot, 0, blocks, true, used)
    paths.nodes[slot] = node
    paths.blocks[slot] = held
    paths.targetNodes[slot] = NO_NODE
    paths.targetBlocks[slot] = 0
  }

  /**
   * Keeps what was read from the tiers, the blocks from `from` to `end` of a request that waits: as many as
   * there is room for beside those in use, in place of what was used longer ago.
   */
  keepRead(slot: Slot, from: number, end: number, used: number): void {
    const kv = this.kv
    this.settle(used)
    const { peak } = kv
    const before = kv.used
    // What stood before it may be gone by now.
    const at = this.acquire(slot, end)
    const room = kv.total - used - (kv.used - before)
    const count = at < from ? 0 : Math.min(end - at, room)
    if (count > 0) {
      kv.allocate(count)
      this.settle(used + (kv.used - before))
      this.#commit(slot, at + count)
    }
    this.release(slot, 0, this.paths.blocks[slot]!, false, used + (kv.used - before))
    kv.peak = peak
  }

  /** Forgets all that is kept: the replica has lost its memory, and nobody holds any of it. */
  clear(what: Loss, now: number): void {
    while (this.tree.oldest !== NO_NODE) this.tree.evictOldest(Infinity)
    this.kept = 0
    this.tiers?.clear(what, now)
    this.state++
  }

  /** KV blocks of a running request that others hold as well. */
  sharedBlocks(slot: Slot): number {
    const { holders, parents, blocks } = this.tree
    let shared = this.paths.blocks[slot]!
    for (
      let node = this.paths.nodes[slot]!;
      node !== NO_NODE && holders[node] === 1;
      node = parents[node]!
    )
      shared -= blocks[node]!
    return shared
  }

  /** KV blocks of a request that are in `nodes`; adds the nodes of the others to them. */
  countedBlocks(slot: Slot, nodes: Set<number>): number {
    const { parents, blocks } = this.tree
    let counted = 0
    for (let node = this.paths.nodes[slot]!; node !== NO_NODE; node = parents[node]!) {
      if (nodes.has(node)) counted += blocks[node]!
      else nodes.add(node)
    }
    return counted
  }

  /** Counts what a request found of `tokens` tokens when it was admitted first. */
  countHit(slot: Slot, tokens: number, hitTokens: number): void {
    if (this.#prefills) this.paths.countedTokens[slot] = hitTokens
    if (this.#hitRates !== undefined) this.paths.hitTokens[slot] = hitTokens
    const counts = this.counts(slot)
    this.#reads?.admitted(slot, hitTokens / this.kv.size, counts)
    if (!counts) return
    this.requests++
    this.promptTokens += tokens
    this.hitTokens += hitTokens
    this.#hitRates?.add(hitTokens / tokens)
  }

  /** The same of a KV cache that comes from elsewhere, where no prompts are computed. */
  countTransferHit(slot: Slot, tokens: number, hitTokens: number): void {
    if (!this.#prefills) this.countHit(slot, tokens, hitTokens)
  }

  /** Counts what a request finds that comes again: of its prompt, what it had neither found nor computed. */
  countFoundLater(slot: Slot, hitTokens: number): void {
    const more = this.#countTo(slot, hitTokens)
    if (this.counts(slot)) this.hitTokens += more
  }

  /** Counts prompt tokens that were computed for the first time; a request's first `done` ones are. */
  countComputed(slot: Slot, done: number): void {
    const more = this.#countTo(slot, done)
    if (this.counts(slot)) this.computedTokens += more
  }

  /** How many of a request's first `done` tokens are of its prompt and not counted yet; they are from now on. */
  #countTo(slot: Slot, done: number): number {
    const { countedTokens } = this.paths
    const before = countedTokens[slot]!
    const now = Math.min(done, this.table.prompt[slot]!)
    if (before < 0 || now <= before) return 0
    countedTokens[slot] = now
    return now - before
  }

  /** Whether a request arrived in the measured window. */
  counts(slot: Slot): boolean {
    const arrival = this.table.arrival[slot]!
    return arrival >= this.#windowStart && arrival <= this.#windowEnd
  }

  /** Finds how much of a request's tokens is here, `most` blocks at most. */
  find(slot: Slot, most: number): void {
    const contents = this.contents
    const tree = this.tree
    const { size } = this.kv
    const end = this.sharedWithin(slot, most)
    let node = NO_NODE
    let at = 0
    let held = 0
    while (at < end) {
      contents.locate(slot, at, size)
      node = tree.find(node, contents.low, contents.high, contents.unit)
      if (node === NO_NODE) break
      const wanted = Math.min(contents.end, end) - at
      const has = tree.blocks[node]!
      const taken = Math.min(has, wanted)
      if (tree.holders[node]! > 0) held += taken
      at += taken
      if (has > wanted) break
    }
    this.found = at
    this.foundHeld = held
  }

  #acquire(slot: Slot, most: number, nodes: Int32Array, blocks: Int32Array): number {
    const contents = this.contents
    const tree = this.tree
    const kv = this.kv
    const end = this.sharedWithin(slot, most)
    let node = NO_NODE
    let at = 0
    let taken = 0
    while (at < end) {
      contents.locate(slot, at, kv.size)
      let child = tree.find(node, contents.low, contents.high, contents.unit)
      if (child === NO_NODE) break
      const wanted = Math.min(contents.end, end) - at
      const last = tree.blocks[child]! > wanted
      if (last) child = tree.split(child, wanted)
      const has = tree.blocks[child]!
      if (tree.holders[child] === 0) {
        tree.unlist(child)
        taken += has
      }
      tree.holders[child]!++
      at += has
      node = child
      if (last) break
    }
    nodes[slot] = node
    blocks[slot] = at
    if (at > 0) {
      this.kept -= taken
      kv.allocate(taken)
      this.state++
    }
    return at
  }

  /** Makes a request's blocks up to `full` ones part of the tree; returns how many others had as well. */
  #commit(slot: Slot, full: number): number {
    const contents = this.contents
    const tree = this.tree
    const paths = this.paths
    let node = paths.nodes[slot]!
    const before = paths.blocks[slot]!
    let at = before
    let twice = 0
    while (at < full) {
      contents.locate(slot, at, this.kv.size)
      const { low, high, unit } = contents
      const wanted = Math.min(contents.end, full) - at
      let child = tree.find(node, low, high, unit)
      if (child === NO_NODE) {
        if (
          node !== NO_NODE &&
          tree.holders[node] === 1 &&
          tree.children[node] === 0 &&
          tree.units[node] === unit &&
          tree.lows[node] === low &&
          tree.highs[node] === high
        )
          tree.extend(node, wanted)
        else node = tree.add(node, low, high, unit, wanted, 1, true)
        at += wanted
        continue
      }
      if (tree.blocks[child]! > wanted) child = tree.split(child, wanted)
      const has = tree.blocks[child]!
      if (tree.holders[child] === 0) {
        tree.unlist(child)
        this.kept -= has
      } else twice += has
      tree.holders[child]!++
      at += has
      node = child
    }
    paths.nodes[slot] = node
    paths.blocks[slot] = at
    this.kv.allocate(-twice)
    this.state++
    if (at > before) this.tiers?.computed(tree, node, at - before)
    return twice
  }

  /** A request goes: all of its full blocks are kept. What is its own can be found only by itself. */
  #keepAll(slot: Slot, full: number, gone: boolean): void {
    const sharable = this.contents.sharableBlocks(slot, this.kv.size)
    if (!gone || full <= sharable || this.table.preemptions[slot]! > 0) {
      this.#commit(slot, full)
      return
    }
    const { nodes, blocks } = this.paths
    if (blocks[slot]! < sharable) this.#commit(slot, sharable)
    const contents = this.contents
    contents.locate(slot, blocks[slot]!, this.kv.size)
    const { low, high, unit } = contents
    const own = full - blocks[slot]!
    nodes[slot] = this.tree.add(nodes[slot]!, low, high, unit, own, 1, false)
    blocks[slot] = full
    this.tiers?.computed(this.tree, nodes[slot], own)
  }

  /** Lets a tier have what goes next. */
  #passOn(tiers: TierStack, most: number): void {
    const node = this.tree.oldest
    tiers.evicting(this.tree, node, Math.min(most, this.tree.blocks[node]!))
  }

  /** Blocks of a request's tokens that may be here, of the first `most`: its own only if it was here before. */
  sharedWithin(slot: Slot, most: number): number {
    if (this.table.preemptions[slot]! > 0) return most
    return Math.min(most, this.contents.sharableBlocks(slot, this.kv.size))
  }
}
