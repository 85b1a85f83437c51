import type { KvTierSpec, Slot } from '@llmsim/contracts'
import { NO_NODE, PrefixTree } from './prefix-tree.js'
import type { PromptContents } from './prompt-contents.js'

/** In place of holders: a node whose blocks are here stands in the list, one without is there for those below it. */
const HERE = 0
const GHOST = 1

/**
 * One memory below that of the devices: KV blocks by content, the least recently used first to go. Blocks
 * may be here whose beginnings are not, since these are still in the memory above.
 */
export class KvTier {
  readonly spec: KvTierSpec
  used: number = 0
  peak: number = 0
  evicted: number = 0
  /** KV blocks that were written to it, and bytes that were read from it. */
  written: number = 0
  readBytes: number = 0
  /** Prompt tokens that requests of the measured window found here. */
  hitTokens: number = 0
  /** What this one lets go goes to, if that is written back to. */
  readonly #below: KvTier | undefined
  readonly #contents: PromptContents
  /** Tokens in a KV block. */
  readonly #size: number
  #tree: PrefixTree = new PrefixTree()
  readonly #path: number[] = []

  constructor(
    spec: KvTierSpec,
    contents: PromptContents,
    blockSize: number,
    below: KvTier | undefined,
  ) {
    this.spec = spec
    this.#contents = contents
    this.#size = blockSize
    this.#below = below?.spec.write === 'back' ? below : undefined
  }

  /** The block at which what is here of a request's tokens ends, from block `from` on without a gap. */
  endFrom(slot: Slot, from: number, most: number): number {
    const contents = this.#contents
    const tree = this.#tree
    let node = NO_NODE
    let at = 0
    while (at < most) {
      contents.locate(slot, at, this.#size)
      node = tree.find(node, contents.low, contents.high, contents.unit)
      if (node === NO_NODE) break
      const wanted = Math.min(contents.end, most) - at
      const has = tree.blocks[node]!
      if (at + Math.min(has, wanted) > from && tree.holders[node] === GHOST) break
      at += Math.min(has, wanted)
      if (has > wanted) break
    }
    return Math.max(at, from)
  }

  /** A request's blocks up to `end` are read: they are the last to go now. */
  touch(slot: Slot, end: number): void {
    const contents = this.#contents
    const tree = this.#tree
    let node = NO_NODE
    for (let at = 0; at < end; at += tree.blocks[node]!) {
      contents.locate(slot, at, this.#size)
      const next = tree.find(node, contents.low, contents.high, contents.unit)
      if (next === NO_NODE) break
      node = next
    }
    this.#touchPath(node)
  }

  /** Takes in the last `count` blocks of a node's path in the memory above. */
  store(from: PrefixTree, last: number, count: number): void {
    const path = this.#path
    path.length = 0
    let total = 0
    for (let node = last; node !== NO_NODE; node = from.parents[node]!) {
      path.push(node)
      total += from.blocks[node]!
    }
    const first = total - count
    let at = 0
    let node = NO_NODE
    for (let i = path.length - 1; i >= 0; i--) {
      const source = path[i]!
      for (let left = from.blocks[source]!; left > 0;) {
        // What is here and what is not are nodes of their own.
        const most = at < first ? Math.min(left, first - at) : left
        node = this.#follow(node, from, source, most, at < first)
        const has = this.#tree.blocks[node]!
        at += has
        left -= has
      }
    }
    this.#touchPath(node)
    this.#makeRoom()
  }

  /** Forgets all: the memory was lost. */
  clear(): void {
    this.#tree = new PrefixTree()
    this.used = 0
  }

  /** The child with a source's content, `most` blocks of it at most; it is made where there is none. */
  #follow(
    parent: number,
    from: PrefixTree,
    source: number,
    most: number,
    asGhost: boolean,
  ): number {
    const tree = this.#tree
    const low = from.lows[source]!
    const high = from.highs[source]!
    const unit = from.units[source]!
    let node = tree.find(parent, low, high, unit)
    if (node === NO_NODE) {
      node = tree.add(parent, low, high, unit, most, GHOST, true)
    } else if (tree.blocks[node]! > most) node = tree.split(node, most)
    if (!asGhost && tree.holders[node] === GHOST) {
      tree.holders[node] = HERE
      tree.list(node)
      this.used += tree.blocks[node]!
      this.written += tree.blocks[node]!
    }
    return node
  }

  #touchPath(last: number): void {
    const tree = this.#tree
    for (let node = last; node !== NO_NODE; node = tree.parents[node]!) {
      if (tree.holders[node] === GHOST) continue
      tree.unlist(node)
      tree.list(node)
    }
  }

  #makeRoom(): void {
    const tree = this.#tree
    while (this.used > this.spec.blocks) {
      const node = tree.oldest
      const over = this.used - this.spec.blocks
      const whole = tree.children[node]! > 0
      const count = whole ? tree.blocks[node]! : Math.min(over, tree.blocks[node]!)
      this.#below?.store(tree, node, count)
      this.used -= count
      this.evicted += count
      if (whole) {
        tree.unlist(node)
        tree.holders[node] = GHOST
        continue
      }
      const parent = tree.parents[node]!
      const gone = count === tree.blocks[node]
      tree.evictOldest(count)
      if (gone) this.#prune(parent)
    }
    if (this.used > this.peak) this.peak = this.used
  }

  /** Drops ghosts that nothing is below any more. */
  #prune(from: number): void {
    const tree = this.#tree
    let node = from
    while (node !== NO_NODE && tree.holders[node] === GHOST && tree.children[node] === 0) {
      const parent = tree.parents[node]!
      tree.drop(node)
      node = parent
    }
  }
}
