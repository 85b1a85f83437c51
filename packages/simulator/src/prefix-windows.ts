import type { Slot } from '@llmsim/contracts'
import type { PrefixPaths } from './prefix-paths.js'
import type { RequestTable } from './request-table.js'
import type { WindowedKvBlocks } from './windowed-kv-blocks.js'
import type { WindowedPrefixTree } from './windowed-prefix-tree.js'

/**
 * What requests hold of windowed layers in a tree of prefixes: the blocks from `windowFrom` to `windowEnd` of each, and
 * blocks of its own behind them.
 */
export class PrefixWindows {
  readonly #blocks: WindowedKvBlocks
  readonly #tree: WindowedPrefixTree
  readonly #paths: PrefixPaths
  readonly #table: RequestTable

  constructor(
    blocks: WindowedKvBlocks,
    tree: WindowedPrefixTree,
    paths: PrefixPaths,
    table: RequestTable,
  ) {
    this.#blocks = blocks
    this.#tree = tree
    this.#paths = paths
    this.#table = table
  }

  /** First block whose windowed layers a request has in blocks of its own, of `tokens` tokens that it has room for. */
  ownFrom(slot: Slot, tokens: number): number {
    const { windowFrom, windowEnd } = this.#paths
    const { size, full, windowed } = this.#blocks
    const blocks = Math.ceil(tokens / size)
    const ofWindow = (this.#table.blocks[slot]! - full * blocks) / windowed
    return blocks - (ofWindow - (windowEnd[slot]! - windowFrom[slot]!))
  }

  /** Holds the windowed layers of a request's blocks in the tree, from one on. */
  open(slot: Slot, from: number): void {
    const paths = this.#paths
    const tree = this.#tree
    const end = paths.blocks[slot]!
    const first = Math.min(from, end)
    paths.windowFrom[slot] = first
    paths.windowEnd[slot] = end
    let at = end
    for (let node = paths.nodes[slot]!; at > first; node = tree.parents[node]!) {
      const start = at - tree.blocks[node]!
      if (start < first) tree.split(node, first - start)
      tree.holdWindow(node)
      at = Math.max(start, first)
    }
  }

  /** Lets a request's windowed blocks of the tree before `to` go. */
  close(slot: Slot, to: number): void {
    const paths = this.#paths
    const tree = this.#tree
    const from = paths.windowFrom[slot]!
    const end = Math.min(to, paths.windowEnd[slot]!)
    if (end <= from) return
    paths.windowFrom[slot] = end
    let at = paths.blocks[slot]!
    for (let node = paths.nodes[slot]!; at > from; node = tree.parents[node]!) {
      const start = at - tree.blocks[node]!
      at = start
      if (start >= end) continue
      const behind = start + tree.blocks[node]! - end
      tree.letGoWindow(behind > 0 ? tree.split(node, end - start) : node)
      if (behind > 0) node = tree.parents[node]!
    }
  }

  /** Whether a request holds the windowed layers of a node that starts at a block. */
  holds(slot: Slot, block: number): boolean {
    return block >= this.#paths.windowFrom[slot]! && block < this.#paths.windowEnd[slot]!
  }
}
