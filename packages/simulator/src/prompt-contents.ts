import type { RequestDraft, Slot } from '@llmsim/contracts'

/** A run of blocks without an end: no request has as many. */
export const ENDLESS = 0x3fffffff
/** Unit of what belongs to one request alone. */
export const OWN_UNIT = -0x80000000
/** Sessions whose last turn is remembered, by the lowest bits of their number. */
const SESSIONS = 1 << 16

/**
 * What each request's tokens are, as far as that is known: the ids of its prompt's blocks, then what is
 * its session's or its own. A KV block's content is named by a unit (the number of its id in the
 * prompt, or a stream without an end) and that unit's id; with the blocks before it that says whether
 * two requests have the block in common.
 *
 * Columns by slot, and one array for all ids; nothing is allocated per request.
 */
export class PromptContents {
  /** What `locate` found: an id in two halves, its unit, and the block at which the unit ends. */
  low: number = 0
  high: number = 0
  unit: number = 0
  end: number = 0
  #counts = new Int32Array(64)
  #offsets = new Int32Array(64)
  #blockTokens = new Float64Array(64)
  /** Prompt tokens that ids stand for. */
  #covered = new Int32Array(64)
  #tailLow = new Int32Array(64)
  #tailHigh = new Int32Array(64)
  #tailUnits = new Int32Array(64)
  /** Ids in pairs of halves; free places of 2^n pairs are chained by their first number. */
  #ids = new Int32Array(1024)
  #idsEnd = 0
  readonly #freePlaces = new Int32Array(32).fill(-1)
  #requests = 0
  readonly #sessionIds = new Int32Array(SESSIONS).fill(-1)
  /** Prompt and answer of a session's last turn, in tokens. */
  readonly #sessionTokens = new Float64Array(SESSIONS)
  /** How often a session began anew. */
  readonly #sessionStarts = new Int32Array(SESSIONS)

  /** Takes in a new request. */
  open(slot: Slot, draft: RequestDraft): void {
    if (slot >= this.#counts.length) this.#grow(slot)
    const blocks = draft.promptBlocks
    const { promptTokens, adapterId = -1 } = draft
    // What another LoRA adapter computed of the same tokens is something else; 0 without an adapter.
    const lowSalt = Math.imul(adapterId + 1, 0x9e3779b1)
    const highSalt = Math.imul(adapterId + 1, 0x85ebca6b)
    let count = 0
    if (blocks !== undefined && blocks.count > 0) {
      const { ids, blockTokens } = blocks
      count = Math.min(blocks.count, Math.ceil(promptTokens / blockTokens))
      const offset = this.#take(count)
      for (let i = 0; i < count; i++) {
        const id = ids[i]!
        this.#ids[offset + 2 * i] = id ^ lowSalt
        this.#ids[offset + 2 * i + 1] = Math.floor(id / 0x100000000) ^ highSalt
      }
      this.#offsets[slot] = offset
      this.#blockTokens[slot] = blockTokens
      this.#covered[slot] = Math.min(promptTokens, count * blockTokens)
    } else this.#covered[slot] = 0
    this.#counts[slot] = count
    if (draft.sessionId >= 0) {
      this.#tailLow[slot] = draft.sessionId
      this.#tailHigh[slot] = adapterId + 1
      this.#tailUnits[slot] = -1 - this.#sessionStart(draft)
    } else {
      const request = this.#requests++
      this.#tailLow[slot] = request
      this.#tailHigh[slot] = Math.floor(request / 0x100000000)
      this.#tailUnits[slot] = OWN_UNIT
    }
  }

  close(slot: Slot): void {
    const count = this.#counts[slot]!
    if (count === 0) return
    this.#counts[slot] = 0
    const place = sizeClass(count)
    const offset = this.#offsets[slot]!
    this.#ids[offset] = this.#freePlaces[place]!
    this.#freePlaces[place] = offset
  }

  /** KV blocks of `size` tokens, from the first on, that others may have too. */
  sharableBlocks(slot: Slot, size: number): number {
    if (this.#tailUnits[slot] !== OWN_UNIT) return ENDLESS
    return Math.floor(this.#covered[slot]! / size)
  }

  /** Finds the unit of a KV block of `size` tokens. */
  locate(slot: Slot, block: number, size: number): void {
    const tokens = (block + 1) * size
    const covered = this.#covered[slot]!
    if (tokens > covered) {
      this.low = this.#tailLow[slot]!
      this.high = this.#tailHigh[slot]!
      this.unit = this.#tailUnits[slot]!
      this.end = ENDLESS
      return
    }
    const per = this.#blockTokens[slot]!
    const index = Math.ceil(tokens / per) - 1
    const at = this.#offsets[slot]! + 2 * index
    this.unit = index
    if (per >= size) {
      this.low = this.#ids[at]!
      this.high = this.#ids[at + 1]!
      this.end = Math.floor(Math.min((index + 1) * per, covered) / size)
      return
    }
    // Several ids in one block: mixed into one.
    let low = 0
    let high = 0
    const first = block === 0 ? 0 : Math.ceil((block * size) / per)
    for (let i = at - 2 * (index - first); i <= at; i += 2) {
      low = Math.imul(low ^ this.#ids[i]!, 0x9e3779b1)
      low ^= low >>> 15
      high = Math.imul(high ^ this.#ids[i]! ^ low, 0x85ebca6b) + this.#ids[i + 1]!
      high ^= high >>> 13
    }
    this.low = low
    this.high = high | 0
    this.end = block + 1
  }

  /** How often the request's session has begun anew: its turns go on while they hold those before. */
  #sessionStart({ sessionId, promptTokens, outputTokens }: RequestDraft): number {
    const place = sessionId & (SESSIONS - 1)
    if (this.#sessionIds[place] !== sessionId) {
      this.#sessionIds[place] = sessionId
      this.#sessionStarts[place] = 0
    } else if (promptTokens < this.#sessionTokens[place]!) this.#sessionStarts[place]!++
    this.#sessionTokens[place] = promptTokens + outputTokens
    return this.#sessionStarts[place]!
  }

  /** Room for `count` ids. */
  #take(count: number): number {
    const place = sizeClass(count)
    const free = this.#freePlaces[place]!
    if (free >= 0) {
      this.#freePlaces[place] = this.#ids[free]!
      return free
    }
    const offset = this.#idsEnd
    this.#idsEnd += 2 << place
    if (this.#idsEnd > this.#ids.length) {
      const wide = new Int32Array(Math.max(this.#ids.length * 2, this.#idsEnd))
      wide.set(this.#ids)
      this.#ids = wide
    }
    return offset
  }

  #grow(slot: Slot): void {
    const length = Math.max(this.#counts.length * 2, slot + 1)
    this.#counts = widened(this.#counts, length)
    this.#offsets = widened(this.#offsets, length)
    this.#covered = widened(this.#covered, length)
    this.#tailLow = widened(this.#tailLow, length)
    this.#tailHigh = widened(this.#tailHigh, length)
    this.#tailUnits = widened(this.#tailUnits, length)
    const wide = new Float64Array(length)
    wide.set(this.#blockTokens)
    this.#blockTokens = wide
  }
}

/** The least n for which 2^n ids have room for `count`. */
function sizeClass(count: number): number {
  return count === 1 ? 0 : 32 - Math.clz32(count - 1)
}

/** A longer copy of a column. */
export function widened(column: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(length)
  wide.set(column)
  return wide
}
