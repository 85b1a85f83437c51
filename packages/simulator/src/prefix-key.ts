import type { Slot } from '@llmsim/contracts'
import { ENDLESS, type PromptContents } from './prompt-contents.js'

/** Blocks of so many tokens are told apart, whatever the KV blocks of a pool. */
const UNIT = 16

/** A number for what prompts begin with, for routers that keep those together that begin alike. */
export class PrefixKey {
  readonly #contents: PromptContents

  constructor(contents: PromptContents) {
    this.#contents = contents
  }

  /**
   * A whole number that prompts with the same first `tokens` tokens share, to whole blocks of 16; -1 where nothing
   * is known that others may begin with. A shorter prompt has that of all its known tokens.
   */
  of(slot: Slot, tokens: number): number {
    const contents = this.#contents
    const known = contents.sharableBlocks(slot, UNIT)
    const wanted = Math.max(1, Math.floor(tokens / UNIT))
    const blocks = Math.min(known, wanted)
    if (blocks === 0) return -1
    let low = 0
    let high = 0
    for (let block = 0; block < blocks;) {
      contents.locate(slot, block, UNIT)
      low = mixed(low ^ contents.low, 0x85ebca6b)
      high = mixed(high ^ contents.high ^ low, 0xc2b2ae35)
      low = mixed(low ^ contents.unit, 0x9e3779b1)
      block = contents.end === ENDLESS ? blocks : Math.max(block + 1, contents.end)
    }
    // 53 bits, as whole numbers have.
    return (high >>> 11) * 0x100000000 + (low >>> 0)
  }
}

/** The finalizer of MurmurHash3 with one of its multipliers (Appleby, public domain). */
function mixed(state: number, multiplier: number): number {
  const once = Math.imul(state ^ (state >>> 16), multiplier)
  return once ^ (once >>> 13)
}
