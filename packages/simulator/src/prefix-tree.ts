import { widened } from './prompt-contents.js'

/** No node: the root, or the end of a list. */
export const NO_NODE = -1

/**
 * Contents of KV blocks as a tree: a node is a run of blocks that follow its parent's, named by a unit
 * and that unit's id. All blocks of a node are held by the same requests, so that a node is split where
 * somebody takes a part of it.
 *
 * Nodes that nobody holds are in one list, the least recently used first. Who lets a path go puts its
 * last node in first, so that no node stands before one that follows it.
 *
 * Columns of typed arrays, and a hash table with open addressing; nodes are reused.
 */
export class PrefixTree {
  /** Blocks of all nodes. */
  size: number = 0
  /** First and last of the list of nodes that nobody holds. */
  oldest: number = NO_NODE
  newest: number = NO_NODE
  parents: Int32Array = new Int32Array(64)
  blocks: Int32Array = new Int32Array(64)
  /** Requests that hold it. */
  holders: Int32Array = new Int32Array(64)
  children: Int32Array = new Int32Array(64)
  units: Int32Array = new Int32Array(64)
  lows: Int32Array = new Int32Array(64)
  highs: Int32Array = new Int32Array(64)
  /** Neighbours in the list. */
  next: Int32Array = new Int32Array(64)
  previous: Int32Array = new Int32Array(64)
  /** 1: it can be found; 0: its request is gone, and nobody else has its content. */
  #named: Uint8Array = new Uint8Array(64)
  #nodes = 0
  /** Free nodes, chained by `next`. */
  #free = NO_NODE
  /** Node numbers plus 1, by hash; 0: empty. */
  #table = new Int32Array(256)
  #inTable = 0

  /** The node that follows `parent` with this content; `NO_NODE` when there is none. */
  find(parent: number, low: number, high: number, unit: number): number {
    const table = this.#table
    const mask = table.length - 1
    for (let at = hash(parent, low, high, unit) & mask; ; at = (at + 1) & mask) {
      const node = table[at]! - 1
      if (node < 0) return NO_NODE
      if (
        this.parents[node] === parent &&
        this.lows[node] === low &&
        this.units[node] === unit &&
        this.highs[node] === high
      )
        return node
    }
  }

  /** A new node, held by one request, or by none: then it is not in the list yet. */
  add(
    parent: number,
    low: number,
    high: number,
    unit: number,
    blocks: number,
    holders: number,
    named: boolean,
  ): number {
    const node = this.#open()
    this.parents[node] = parent
    this.lows[node] = low
    this.highs[node] = high
    this.units[node] = unit
    this.blocks[node] = blocks
    this.holders[node] = holders
    this.children[node] = 0
    if (parent !== NO_NODE) this.children[parent]!++
    this.size += blocks
    if (named) {
      this.#named[node] = 1
      this.#insert(node)
    } else this.#named[node] = 0
    return node
  }

  /** Cuts a node behind its first `blocks` blocks; returns the node of those, which stands before it. */
  split(node: number, blocks: number): number {
    const parent = this.parents[node]!
    this.#remove(node)
    const upper = this.#open()
    this.parents[upper] = parent
    this.lows[upper] = this.lows[node]!
    this.highs[upper] = this.highs[node]!
    this.units[upper] = this.units[node]!
    this.blocks[upper] = blocks
    this.holders[upper] = this.holders[node]!
    this.children[upper] = 1
    this.#named[upper] = 1
    this.blocks[node]! -= blocks
    this.parents[node] = upper
    this.#insert(upper)
    this.#insert(node)
    if (this.holders[node] === 0) this.#link(upper, node, this.next[node]!)
    return upper
  }

  /** Adds blocks at a node's end. */
  extend(node: number, blocks: number): void {
    this.blocks[node]! += blocks
    this.size += blocks
  }

  /** Takes the node at the head of the list, or its last blocks, away: `blocks` at most. Returns how many. */
  evictOldest(blocks: number): number {
    const node = this.oldest
    const has = this.blocks[node]!
    if (has > blocks) {
      this.blocks[node] = has - blocks
      this.size -= blocks
      return blocks
    }
    this.unlist(node)
    this.drop(node)
    return has
  }

  /** Takes a node out that has no children and is in no list. */
  drop(node: number): void {
    if (this.#named[node] === 1) this.#remove(node)
    this.size -= this.blocks[node]!
    const parent = this.parents[node]!
    if (parent !== NO_NODE) this.children[parent]!--
    this.next[node] = this.#free
    this.#free = node
  }

  /** Whether it can be found. */
  isNamed(node: number): boolean {
    return this.#named[node] === 1
  }

  /** Puts a node at the end of the list. */
  list(node: number): void {
    this.#link(node, this.newest, NO_NODE)
  }

  /** Takes a node out of the list. */
  unlist(node: number): void {
    const previous = this.previous[node]!
    const next = this.next[node]!
    if (previous === NO_NODE) this.oldest = next
    else this.next[previous] = next
    if (next === NO_NODE) this.newest = previous
    else this.previous[next] = previous
  }

  #link(node: number, previous: number, next: number): void {
    this.previous[node] = previous
    this.next[node] = next
    if (previous === NO_NODE) this.oldest = node
    else this.next[previous] = node
    if (next === NO_NODE) this.newest = node
    else this.previous[next] = node
  }

  #open(): number {
    const free = this.#free
    if (free !== NO_NODE) {
      this.#free = this.next[free]!
      return free
    }
    if (this.#nodes === this.parents.length) this.#widen()
    return this.#nodes++
  }

  #insert(node: number): void {
    if (this.#inTable * 2 >= this.#table.length) this.#rehash()
    this.#inTable++
    this.#place(node)
  }

  #place(node: number): void {
    const table = this.#table
    const mask = table.length - 1
    let at = this.#hashOf(node) & mask
    while (table[at] !== 0) at = (at + 1) & mask
    table[at] = node + 1
  }

  /** Takes a node out of the table, and moves those up that stand behind it on its account. */
  #remove(node: number): void {
    const table = this.#table
    const mask = table.length - 1
    let hole = this.#hashOf(node) & mask
    while (table[hole] !== node + 1) hole = (hole + 1) & mask
    this.#inTable--
    for (let at = (hole + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const home = this.#hashOf(table[at]! - 1) & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      table[hole] = table[at]!
      hole = at
    }
    table[hole] = 0
  }

  #hashOf(node: number): number {
    return hash(this.parents[node]!, this.lows[node]!, this.highs[node]!, this.units[node]!)
  }

  #rehash(): void {
    const old = this.#table
    this.#table = new Int32Array(old.length * 2)
    for (const entry of old) if (entry !== 0) this.#place(entry - 1)
  }

  #widen(): void {
    const length = this.parents.length * 2
    this.parents = widened(this.parents, length)
    this.blocks = widened(this.blocks, length)
    this.holders = widened(this.holders, length)
    this.children = widened(this.children, length)
    this.units = widened(this.units, length)
    this.lows = widened(this.lows, length)
    this.highs = widened(this.highs, length)
    this.next = widened(this.next, length)
    this.previous = widened(this.previous, length)
    const named = new Uint8Array(length)
    named.set(this.#named)
    this.#named = named
  }
}

function hash(parent: number, low: number, high: number, unit: number): number {
  let mixed = Math.imul(parent ^ 0x2545f491, 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ Math.imul(high, 0x27d4eb2f) ^ unit, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
