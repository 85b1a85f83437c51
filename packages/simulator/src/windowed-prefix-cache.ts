import type { Slot } from '@llmsim/contracts'
import type { Loss } from './tier-stack.js'
import { PrefixCache } from './prefix-cache.js'
import type { PrefixParts } from './prefix-parts.js'
import { PrefixWindows } from './prefix-windows.js'
import { NO_NODE } from './prefix-tree.js'
import type { RequestTable } from './request-table.js'
import type { WindowedKvBlocks } from './windowed-kv-blocks.js'
import { WindowedPrefixTree } from './windowed-prefix-tree.js'

/**
 * The KV blocks of one replica by content, of a model in which some layers keep a window only.
 *
 * What has been computed is found up to where the layers that keep all tokens have all of it, and those with a window
 * what the next token sees of it, as in vLLM (`find_longest_cache_hit` of its KV cache managers) and in SGLang's radix cache
 * for such models. A request holds of windowed layers what its window reaches: of the tree from `windowFrom` to `windowEnd`,
 * and blocks of its own behind it. What its window has left is kept like other blocks that nobody holds, and goes when it
 * was let go the longest ago; a prompt longer than one step and a window keeps of such layers its end.
 */
export class WindowedPrefixCache extends PrefixCache {
  readonly #blocks: WindowedKvBlocks
  readonly #nodes: WindowedPrefixTree
  readonly #windows: PrefixWindows

  constructor(
    kv: WindowedKvBlocks,
    table: RequestTable,
    parts: PrefixParts,
    prefills: boolean,
    index: number,
  ) {
    const tree = new WindowedPrefixTree(kv.full, kv.windowed)
    super(kv, table, parts, prefills, index, undefined, tree)
    this.#blocks = kv
    this.#nodes = tree
    this.#windows = new PrefixWindows(kv, tree, parts.paths, table)
  }

  override settle(used: number): void {
    this.kv.notePeak(used)
    let over = used + this.kept - this.kv.total
    if (over <= 0) return
    const tree = this.#nodes
    while (over > 0 && tree.kept > 0) {
      const gone = tree.letOldestGo(over)
      over -= gone
      this.evicted += gone
    }
    this.kept = tree.kept
    this.state++
  }

  override find(slot: Slot, most: number): void {
    this.found = this.#longest(slot, most)
    const from = this.#blocks.seenFrom(this.found)
    const target = this.table.prefillTarget[slot]!
    const needed = this.#blocks.reservedFor(target, this.found, from)
    // What a prompt need not allocate: blocks that others hold, and those that its window does not reach.
    this.foundHeld =
      this.#blocks.blocksFor(target) - needed + this.#heldWithin(slot, this.found, from)
  }

  /** Blocks of a request that are here, for the token behind which all layers have what it sees. */
  #longest(slot: Slot, most: number): number {
    const { contents } = this
    const tree = this.#nodes
    const { size, chunked, windowBlocks } = this.#blocks
    const seesNone = chunked || windowBlocks === 1
    const end = this.sharedWithin(slot, most)
    let node = NO_NODE
    let at = 0
    let presentFrom = 0
    let best = 0
    while (at < end) {
      contents.locate(slot, at, size)
      node = tree.find(node, contents.low, contents.high, contents.unit)
      if (node === NO_NODE) break
      const wanted = Math.min(contents.end, end) - at
      const has = tree.blocks[node]!
      const next = at + Math.min(has, wanted)
      const from = this.#blocks.seenFrom(next)
      if (tree.present[node] === 1) {
        if (from >= presentFrom) best = next
      } else {
        presentFrom = next
        if (seesNone && from > at) best = from
      }
      at = next
      if (has > wanted) break
    }
    return best
  }

  /** KV blocks that requests hold of the first `end` ones of a request, of windowed layers those behind `from`. */
  #heldWithin(slot: Slot, end: number, from: number): number {
    const { contents } = this
    const tree = this.#nodes
    const { size, full, windowed } = this.#blocks
    let node = NO_NODE
    let held = 0
    for (let at = 0; at < end;) {
      contents.locate(slot, at, size)
      node = tree.find(node, contents.low, contents.high, contents.unit)
      const next = Math.min(end, contents.end, at + tree.blocks[node]!)
      if (tree.holders[node]! > 0) held += full * (next - at)
      if (tree.windowHolders[node]! > 0) held += windowed * Math.max(0, next - Math.max(at, from))
      at = next
    }
    return held
  }

  override acquire(slot: Slot, most: number): number {
    const { paths } = this
    const end = this.#longest(slot, most)
    const from = this.#blocks.seenFrom(end)
    paths.nodes[slot] = this.#take(slot, end, from)
    paths.blocks[slot] = end
    paths.windowFrom[slot] = from
    paths.windowEnd[slot] = end
    return end
  }

  override heldForTransfer(slot: Slot, tokens: number): number {
    const end = this.#longest(slot, Math.floor(tokens / this.kv.size))
    return this.#heldWithin(slot, end, Math.min(end, this.#blocks.keptFrom(tokens)))
  }

  override acquireForTransfer(slot: Slot, tokens: number): number {
    const { paths } = this
    const end = this.#longest(slot, Math.floor(tokens / this.kv.size))
    const from = Math.min(end, this.#blocks.keptFrom(tokens))
    paths.targetNodes[slot] = this.#take(slot, end, from)
    paths.targetBlocks[slot] = end
    paths.targetWindowFrom[slot] = from
    return end
  }

  override unitsForTransfer(slot: Slot): number {
    const { targetBlocks, targetWindowFrom } = this.paths
    const { full, windowed } = this.#blocks
    const end = targetBlocks[slot]!
    return full * end + windowed * (end - targetWindowFrom[slot]!)
  }

  /** KV blocks of the tree that a request holds. */
  override unitsOf(slot: Slot): number {
    const { blocks, windowFrom, windowEnd } = this.paths
    const { full, windowed } = this.#blocks
    return full * blocks[slot]! + windowed * (windowEnd[slot]! - windowFrom[slot]!)
  }

  /** KV blocks that a request holds while its prompt of so many tokens is computed, with what was found of it. */
  reservedFor(slot: Slot, tokens: number): number {
    const { blocks, windowFrom } = this.paths
    return this.#blocks.reservedFor(tokens, blocks[slot]!, windowFrom[slot]!)
  }

  /** Holds the first `end` blocks of a request, of windowed layers those behind `from`; returns their last node. */
  #take(slot: Slot, end: number, from: number): number {
    const { contents } = this
    const tree = this.#nodes
    let node = NO_NODE
    for (let at = 0; at < end;) {
      contents.locate(slot, at, this.kv.size)
      node = tree.find(node, contents.low, contents.high, contents.unit)
      let wanted = Math.min(contents.end, end) - at
      if (at < from) wanted = Math.min(wanted, from - at)
      if (tree.blocks[node]! > wanted) node = tree.split(node, wanted)
      tree.hold(node)
      if (at >= from) tree.holdWindow(node)
      at += tree.blocks[node]!
    }
    if (end > 0) this.#settleChange(0)
    return node
  }

  override commit(slot: Slot, computed: number, used: number): number {
    const { paths, kv } = this
    const full = Math.floor(computed / kv.size)
    const held = paths.blocks[slot]!
    if (full <= held) return 0
    const sharable = this.contents.sharableBlocks(slot, kv.size)
    if (sharable <= held) return 0
    this.settle(used)
    const before = this.unitsOf(slot)
    const target = this.table.prefillTarget[slot]!
    const own = this.#windows.ownFrom(slot, target)
    const isBehind = own > paths.windowEnd[slot]!
    this.#grow(slot, Math.min(full, sharable), !isBehind)
    // A cache that has come whole has its window behind what was found here.
    if (isBehind && computed >= target && paths.windowFrom[slot] === paths.windowEnd[slot])
      this.#windows.open(slot, own)
    return -this.#settleChange(before - this.unitsOf(slot))
  }

  /** A prompt is computed: its request holds what its next token sees; returns the blocks that became free. */
  settlePrompt(slot: Slot, tokens: number): number {
    const { paths, table } = this
    this.settle(this.kv.used)
    const own = table.blocks[slot]! - this.unitsOf(slot)
    const from = this.#blocks.keptFrom(tokens)
    if (this.#windows.ownFrom(slot, tokens) > paths.windowEnd[slot]!) {
      this.#windows.close(slot, Infinity)
      this.#windows.open(slot, from)
    } else this.#windows.close(slot, from)
    table.blocks[slot] = this.#blocks.heldBy(tokens)
    return -this.#settleChange(table.blocks[slot] - this.unitsOf(slot) - own)
  }

  /** The window of a decoding request has left the first block of the tree that it held. */
  slide(slot: Slot): number {
    this.settle(this.kv.used)
    this.#windows.close(slot, this.paths.windowFrom[slot]! + 1)
    return -this.#settleChange(0)
  }

  /** A decoding request has filled its chunk, and holds nothing of windowed layers; returns what became free. */
  endChunk(slot: Slot): number {
    const { windowFrom, windowEnd } = this.paths
    const { windowed, reach, size } = this.#blocks
    this.settle(this.kv.used)
    const own = reach / size - (windowEnd[slot]! - windowFrom[slot]!)
    this.#windows.close(slot, Infinity)
    return -this.#settleChange(-windowed * own)
  }

  override release(
    slot: Slot,
    computed: number,
    blocks: number,
    gone: boolean,
    used: number,
  ): void {
    const { paths, table } = this
    const tree = this.#nodes
    this.settle(used)
    const own = blocks - this.unitsOf(slot)
    const full = Math.floor(computed / this.kv.size)
    if (full > paths.blocks[slot]!) {
      const first = this.#windows.ownFrom(slot, Math.max(table.prefillTarget[slot]!, computed))
      if (first > paths.windowEnd[slot]!) this.#windows.close(slot, Infinity)
      this.#keepAll(slot, full, gone, first)
    }
    this.#windows.close(slot, Infinity)
    for (let node = paths.nodes[slot]!; node !== NO_NODE; node = tree.parents[node]!)
      tree.letGo(node)
    paths.nodes[slot] = NO_NODE
    paths.blocks[slot] = 0
    paths.windowFrom[slot] = 0
    paths.windowEnd[slot] = 0
    this.#settleChange(-own)
  }

  override releaseTransfer(slot: Slot, blocks: number, used: number): void {
    const { windowFrom, windowEnd, targetWindowFrom, targetBlocks } = this.paths
    const from = windowFrom[slot]!
    const end = windowEnd[slot]!
    windowFrom[slot] = targetWindowFrom[slot]!
    windowEnd[slot] = targetBlocks[slot]!
    super.releaseTransfer(slot, blocks, used)
    windowFrom[slot] = from
    windowEnd[slot] = end
  }

  /** All full blocks of a request that goes are kept, of windowed layers those behind `own`. */
  #keepAll(slot: Slot, full: number, gone: boolean, own: number): void {
    const { paths } = this
    const tree = this.#nodes
    const sharable = this.contents.sharableBlocks(slot, this.kv.size)
    const isNamed = !gone || full <= sharable || this.table.preemptions[slot]! > 0
    const named = isNamed ? full : Math.max(sharable, paths.blocks[slot]!)
    this.#growBehind(slot, named, own)
    if (isNamed) return
    this.contents.locate(slot, named, this.kv.size)
    const { low, high, unit } = this.contents
    const append = (blocks: number, hasWindow: boolean): void => {
      if (blocks <= 0) return
      const node = tree.add(paths.nodes[slot]!, low, high, unit, blocks, 1, false)
      tree.change += this.#blocks.full * blocks
      if (hasWindow) tree.holdWindow(node)
      paths.nodes[slot] = node
      paths.blocks[slot] = paths.blocks[slot]! + blocks
      if (hasWindow) paths.windowEnd[slot] = paths.blocks[slot]!
      else paths.windowFrom[slot] = paths.windowEnd[slot] = paths.blocks[slot]!
    }
    append(Math.min(full, own) - named, false)
    append(full - paths.blocks[slot]!, true)
  }

  /** Makes a request's blocks part of the tree, without windowed layers up to `own`. */
  #growBehind(slot: Slot, end: number, own: number): void {
    const { paths } = this
    const first = Math.min(own, end)
    if (first > paths.blocks[slot]!) {
      this.#grow(slot, first, false)
      paths.windowFrom[slot] = paths.windowEnd[slot] = first
    }
    this.#grow(slot, end, true)
  }

  /** Makes a request's blocks up to `end` part of the tree, with or without their windowed layers. */
  #grow(slot: Slot, end: number, hasWindow: boolean): void {
    const { contents, paths } = this
    const tree = this.#nodes
    const { full, windowed, size } = this.#blocks
    let node = paths.nodes[slot]!
    let at = paths.blocks[slot]!
    while (at < end) {
      contents.locate(slot, at, size)
      const { low, high, unit } = contents
      const wanted = Math.min(contents.end, end) - at
      let child = tree.find(node, low, high, unit)
      if (child === NO_NODE) {
        if (this.#extends(node, hasWindow, low, high, unit)) {
          tree.extend(node, wanted)
          tree.change += (hasWindow ? full + windowed : full) * wanted
        } else {
          node = tree.add(node, low, high, unit, wanted, 1, true)
          tree.change += full * wanted
          if (hasWindow) tree.holdWindow(node)
        }
        at += wanted
        continue
      }
      if (tree.blocks[child]! > wanted) child = tree.split(child, wanted)
      tree.hold(child)
      if (hasWindow) tree.holdWindow(child)
      at += tree.blocks[child]!
      node = child
    }
    paths.nodes[slot] = node
    paths.blocks[slot] = at
    if (hasWindow) paths.windowEnd[slot] = at
  }

  /** Whether blocks of a content can be added at a node's end: it is of the same, and of the same holder only. */
  #extends(node: number, hasWindow: boolean, low: number, high: number, unit: number): boolean {
    const tree = this.#nodes
    return (
      node !== NO_NODE &&
      tree.holders[node] === 1 &&
      tree.children[node] === 0 &&
      tree.units[node] === unit &&
      tree.lows[node] === low &&
      tree.highs[node] === high &&
      (hasWindow ? tree.windowHolders[node] === 1 : tree.present[node] === 0)
    )
  }

  /** Puts what has changed in the tree, and in a request's own blocks, into the count; returns how much. */
  #settleChange(own: number): number {
    const tree = this.#nodes
    const change = own + tree.endChange()
    this.kept = tree.kept
    this.kv.allocate(change)
    this.state++
    return change
  }

  override clear(what: Loss, now: number): void {
    super.clear(what, now)
    this.#nodes.kept = 0
  }

  override sharedBlocks(slot: Slot): number {
    const { full, windowed } = this.#blocks
    const { paths } = this
    const tree = this.#nodes
    let shared = 0
    let at = paths.blocks[slot]!
    for (let node = paths.nodes[slot]!; node !== NO_NODE; node = tree.parents[node]!) {
      const blocks = tree.blocks[node]!
      at -= blocks
      if (tree.holders[node]! > 1) shared += full * blocks
      if (this.#windows.holds(slot, at) && tree.windowHolders[node]! > 1)
        shared += windowed * blocks
    }
    return shared
  }

  override countedBlocks(slot: Slot, nodes: Set<number>): number {
    const { full, windowed } = this.#blocks
    const { paths } = this
    const tree = this.#nodes
    let counted = 0
    let at = paths.blocks[slot]!
    const count = (key: number, units: number): void => {
      if (nodes.has(key)) counted += units
      else nodes.add(key)
    }
    for (let node = paths.nodes[slot]!; node !== NO_NODE; node = tree.parents[node]!) {
      const blocks = tree.blocks[node]!
      at -= blocks
      count(node, full * blocks)
      // Numbers below -1 stand for the windowed layers of nodes.
      if (this.#windows.holds(slot, at)) count(-2 - node, windowed * blocks)
    }
    return counted
  }
}
