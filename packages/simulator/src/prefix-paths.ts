import type { Slot } from '@llmsim/contracts'
import { NO_NODE } from './prefix-tree.js'
import { widened } from './prompt-contents.js'

/**
 * Where each request stands in the prefix cache of its replica, and, while its KV cache is on the way to
 * another replica, in that one's; what it would find if it were admitted. Columns by slot.
 */
export class PrefixPaths {
  /** The last node that it holds, with all nodes before it, and the KV blocks of them together. */
  nodes: Int32Array = new Int32Array(64).fill(NO_NODE)
  blocks: Int32Array = new Int32Array(64)
  /** The same at the replica to which its KV cache is sent. */
  targetNodes: Int32Array = new Int32Array(64).fill(NO_NODE)
  targetBlocks: Int32Array = new Int32Array(64)
  /** Of the blocks that it holds, those that its window reaches; at the other replica from one to the last. */
  windowFrom: Int32Array = new Int32Array(64)
  windowEnd: Int32Array = new Int32Array(64)
  targetWindowFrom: Int32Array = new Int32Array(64)
  /** State of the cache that it was looked up in, the KV blocks found, and those that others hold. */
  seenAt: Float64Array = new Float64Array(64).fill(-1)
  seenBlocks: Int32Array = new Int32Array(64)
  seenHeld: Int32Array = new Int32Array(64)
  /** Prompt tokens that it found when it was admitted first. */
  hitTokens: Int32Array = new Int32Array(64)
  /**
   * Prompt tokens that it has found or computed, the first of them once and for all; -1 while it has been admitted
   * nowhere that counts them: what was computed elsewhere is not found in a prompt.
   */
  countedTokens: Int32Array = new Int32Array(64)

  open(slot: Slot): void {
    if (slot >= this.nodes.length) this.#grow(slot)
    this.seenAt[slot] = -1
    this.hitTokens[slot] = 0
    this.countedTokens[slot] = -1
  }

  /** Fewer of a request's tokens are to be computed than when it was looked up: that counts no more. */
  forgetLook(slot: Slot): void {
    this.seenAt[slot] = -1
  }

  /** A KV cache has arrived: the replica that it was sent to is its own from now on. */
  arrive(slot: Slot): void {
    this.nodes[slot] = this.targetNodes[slot]!
    this.blocks[slot] = this.targetBlocks[slot]!
    this.windowFrom[slot] = this.targetWindowFrom[slot]!
    this.windowEnd[slot] = this.targetBlocks[slot]!
    this.targetNodes[slot] = NO_NODE
    this.targetBlocks[slot] = 0
  }

  #grow(slot: Slot): void {
    const old = this.nodes.length
    const length = Math.max(old * 2, slot + 1)
    this.nodes = widened(this.nodes, length).fill(NO_NODE, old)
    this.blocks = widened(this.blocks, length)
    this.targetNodes = widened(this.targetNodes, length).fill(NO_NODE, old)
    this.targetBlocks = widened(this.targetBlocks, length)
    this.windowFrom = widened(this.windowFrom, length)
    this.windowEnd = widened(this.windowEnd, length)
    this.targetWindowFrom = widened(this.targetWindowFrom, length)
    this.seenBlocks = widened(this.seenBlocks, length)
    this.seenHeld = widened(this.seenHeld, length)
    this.hitTokens = widened(this.hitTokens, length)
    this.countedTokens = widened(this.countedTokens, length)
    const seen = new Float64Array(length).fill(-1)
    seen.set(this.seenAt)
    this.seenAt = seen
  }
}
