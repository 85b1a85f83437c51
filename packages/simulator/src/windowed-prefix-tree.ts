import { NO_NODE, PrefixTree } from './prefix-tree.js'
import { widened } from './prompt-contents.js'

/**
 * A tree of KV blocks by content in which the windowed layers may have let go of a node's blocks: they are held for
 * themselves, and those that nobody holds are in a list of their own, the least recently used first.
 */
export class WindowedPrefixTree extends PrefixTree {
  /** KV blocks of nodes that nobody holds. */
  kept: number = 0
  /** KV blocks that requests hold of it more than at the end of the last change. */
  change: number = 0
  /** 1: the windowed layers have its blocks as well. */
  present: Uint8Array = new Uint8Array(64)
  /** Requests whose window holds it. */
  windowHolders: Int32Array = new Int32Array(64)
  /** First and last of the list of nodes that no window holds and that are present. */
  oldestWindow: number = NO_NODE
  newestWindow: number = NO_NODE
  #nextWindow = new Int32Array(64)
  #previousWindow = new Int32Array(64)
  /** With which change of the tree it was put into each list. */
  #listedAt = new Float64Array(64)
  #windowListedAt = new Float64Array(64)
  #changes = 0
  /** Groups of layers that keep all tokens, and that keep a window. */
  readonly #full: number
  readonly #windowed: number

  constructor(full: number, windowed: number) {
    super()
    this.#full = full
    this.#windowed = windowed
  }

  override add(
    parent: number,
    low: number,
    high: number,
    unit: number,
    blocks: number,
    holders: number,
    named: boolean,
  ): number {
    const node = super.add(parent, low, high, unit, blocks, holders, named)
    this.#widen()
    this.present[node] = 0
    this.windowHolders[node] = 0
    return node
  }

  override split(node: number, blocks: number): number {
    const upper = super.split(node, blocks)
    this.#widen()
    this.present[upper] = this.present[node]!
    this.windowHolders[upper] = this.windowHolders[node]!
    this.#listedAt[upper] = this.#listedAt[node]!
    this.#windowListedAt[upper] = this.#windowListedAt[node]!
    if (this.present[node] === 1 && this.windowHolders[node] === 0)
      this.#linkWindow(upper, node, this.#nextWindow[node]!)
    return upper
  }

  override list(node: number): void {
    super.list(node)
    this.#listedAt[node] = this.#changes
  }

  override drop(node: number): void {
    if (this.present[node] === 1) this.unlistWindow(node)
    this.present[node] = 0
    super.drop(node)
  }

  /** Puts a node at the end of the list of those that no window holds. */
  listWindow(node: number): void {
    this.#linkWindow(node, this.newestWindow, NO_NODE)
    this.#windowListedAt[node] = this.#changes
  }

  unlistWindow(node: number): void {
    const previous = this.#previousWindow[node]!
    const next = this.#nextWindow[node]!
    if (previous === NO_NODE) this.oldestWindow = next
    else this.#nextWindow[previous] = next
    if (next === NO_NODE) this.newestWindow = previous
    else this.#previousWindow[next] = previous
  }

  /** Takes a node that nobody holds out, and those before it for which it was held. */
  #prune(last: number): void {
    let node = last
    while (
      node !== NO_NODE &&
      this.holders[node] === 0 &&
      this.children[node] === 0 &&
      this.present[node] === 0
    ) {
      const parent = this.parents[node]!
      this.unlist(node)
      this.drop(node)
      node = parent
    }
  }

  /** What was let go until now was let go before what comes after; returns `change`. */
  endChange(): number {
    const { change } = this
    this.change = 0
    this.#changes++
    return change
  }

  /** Takes away what was let go the longest ago, about as many KV blocks; returns how many. */
  letOldestGo(most: number): number {
    const gone = this.#isWindowOldest ? this.#evictWindow(most) : this.#evictNode(most)
    this.kept -= gone
    return gone
  }

  /** The last blocks of the oldest node, of all layers. */
  #evictNode(most: number): number {
    const each = this.#full + this.#windowed * this.present[this.oldest]!
    return each * this.evictOldest(each === 0 ? Infinity : Math.ceil(most / each))
  }

  /** Those of windowed layers only, of the node of which they were let go first. */
  #evictWindow(most: number): number {
    const node = this.oldestWindow
    const rest = this.blocks[node]! - Math.ceil(most / this.#windowed)
    if (rest > 0 && this.isNamed(node)) this.split(node, rest)
    this.unlistWindow(node)
    this.present[node] = 0
    const gone = this.#windowed * this.blocks[node]!
    // A node of nobody that holds no memory need not be known either.
    if (this.#full === 0) this.#prune(node)
    return gone
  }

  /** A request holds a node. */
  hold(node: number): void {
    const units = this.#full * this.blocks[node]!
    if (this.holders[node] === 0) {
      this.unlist(node)
      this.kept -= units
      this.change += units
    }
    this.holders[node]!++
  }

  /** A request lets a node go. */
  letGo(node: number): void {
    if (--this.holders[node]! > 0) return
    const units = this.#full * this.blocks[node]!
    this.list(node)
    this.kept += units
    this.change -= units
  }

  /** The window of a request holds a node, which has the blocks of windowed layers from then on. */
  holdWindow(node: number): void {
    const units = this.#windowed * this.blocks[node]!
    if (this.present[node] === 0) {
      this.present[node] = 1
      this.change += units
    } else if (this.windowHolders[node] === 0) {
      this.unlistWindow(node)
      this.kept -= units
      this.change += units
    }
    this.windowHolders[node]!++
  }

  letGoWindow(node: number): void {
    if (--this.windowHolders[node]! > 0) return
    const units = this.#windowed * this.blocks[node]!
    this.listWindow(node)
    this.kept += units
    this.change -= units
  }

  /**
   * Whether of what nobody holds some blocks of windowed layers were let go before all others. What was let go at
   * once goes together, the end before the beginning.
   */
  get #isWindowOldest(): boolean {
    const { oldest, oldestWindow } = this
    if (oldest === NO_NODE || oldestWindow === NO_NODE) return oldest === NO_NODE
    return this.#windowListedAt[oldestWindow]! < this.#listedAt[oldest]!
  }

  #linkWindow(node: number, previous: number, next: number): void {
    this.#previousWindow[node] = previous
    this.#nextWindow[node] = next
    if (previous === NO_NODE) this.oldestWindow = node
    else this.#nextWindow[previous] = node
    if (next === NO_NODE) this.newestWindow = node
    else this.#previousWindow[next] = node
  }

  /** As many columns as the tree has. */
  #widen(): void {
    const { length } = this.parents
    if (length === this.windowHolders.length) return
    this.windowHolders = widened(this.windowHolders, length)
    this.#nextWindow = widened(this.#nextWindow, length)
    this.#previousWindow = widened(this.#previousWindow, length)
    const present = new Uint8Array(length)
    present.set(this.present)
    this.present = present
    this.#listedAt = longer(this.#listedAt, length)
    this.#windowListedAt = longer(this.#windowListedAt, length)
  }
}

function longer(column: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const wide = new Float64Array(length)
  wide.set(column)
  return wide
}
