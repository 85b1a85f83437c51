import type { AttentionReach, WindowWork } from '@llmsim/contracts'
import { seenPairs } from '@llmsim/contracts'

/**
 * What the decoders of a lane see through one window, kept as they join, advance and leave.
 *
 * A ring holds how many of them reach the window's edge (`sliding`) or begin a new chunk (`chunked`) at each
 * coming step, so that the sum is exact and the next change is known.
 */
export class WindowTally {
  readonly work: WindowWork = { context: 0, growing: 0, steps: Infinity, pairs: 0 }
  readonly #reach: AttentionReach
  readonly #window: number
  readonly #chunked: boolean
  /** Sum of what decoders see in the next step, and how many of them see one token more after it. */
  #seen = 0
  #growing = 0
  /** By the step, modulo the window, at which they change. */
  readonly #changes: Int32Array
  #phase = 0
  /** Steps to the next change; Infinity where none is to come. */
  #next = Infinity

  constructor(reach: AttentionReach) {
    const { tokens, kind } = reach
    this.#reach = reach
    this.#window = tokens
    this.#chunked = kind === 'chunked'
    this.#changes = new Int32Array(tokens)
  }

  /** A request with `kvTokens` in its cache joins the decoders. */
  join(kvTokens: number): void {
    this.#count(kvTokens, 1)
  }

  /** One leaves that has `kvTokens` now. */
  leave(kvTokens: number): void {
    this.#count(kvTokens, -1)
  }

  #count(kvTokens: number, change: 1 | -1): void {
    const window = this.#window
    const seen = this.#chunked ? (kvTokens % window) + 1 : Math.min(kvTokens + 1, window)
    this.#seen += change * seen
    const steps = this.#chunked ? window - seen + 1 : window - seen
    if (steps === 0) return
    this.#growing += change
    const at = (this.#phase + steps) % window
    const left = this.#changes[at]! + change
    this.#changes[at] = left
    if (change === 1) {
      if (steps < this.#next) this.#next = steps
    } else if (left === 0 && steps === this.#next) this.#seek(steps)
  }

  /** All decoders have made `steps` tokens. */
  advance(steps: number): void {
    const window = this.#window
    let passed = 0
    while (this.#next <= steps - passed) {
      const { length } = this.#changes
      passed += this.#next
      this.#seen += this.#growing * this.#next
      this.#phase = (this.#phase + this.#next) % length
      const changing = this.#changes[this.#phase]!
      if (this.#chunked) this.#seen -= changing * window
      else {
        this.#growing -= changing
        this.#changes[this.#phase] = 0
      }
      this.#seek(1)
    }
    const rest = steps - passed
    this.#seen += this.#growing * rest
    this.#phase = (this.#phase + rest) % window
    this.#next -= rest
  }

  /** Finds the next change, `from` steps ahead or later. */
  #seek(from: number): void {
    this.#next = Infinity
    if (this.#growing === 0) return
    const window = this.#window
    let at = (this.#phase + from) % window
    for (let steps = from; steps <= window; steps++) {
      if (this.#changes[at]! > 0) {
        this.#next = steps
        return
      }
      if (++at === window) at = 0
    }
  }

  /** States what the decoders see in the next step, or that there are none. */
  fill(decodes: boolean): void {
    const { work } = this
    work.context = decodes ? this.#seen : 0
    work.growing = decodes ? this.#growing : 0
    // At the edge a context has grown to the window; a new chunk begins with a step of its own.
    work.steps = this.#chunked ? this.#next : this.#next + 1
  }

  /** Adds a prompt chunk of `tokens` tokens behind `context` earlier ones. */
  addChunk(tokens: number, context: number): void {
    this.work.pairs += seenPairs(this.#reach, tokens, context)
  }
}
