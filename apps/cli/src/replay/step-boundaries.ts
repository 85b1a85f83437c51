import type { ObservedSegment } from '@llmsim/contracts'

/** When the steps of a run ended. */
export class StepBoundaries {
  readonly #ends: number[] = []
  #sorted = true

  add({ startSeconds, seconds, growth, steps }: ObservedSegment): void {
    for (let done = 1; done <= steps; done++)
      this.#ends.push(startSeconds + done * seconds + (growth * done * (done - 1)) / 2)
    this.#sorted = false
  }

  /** The first of them at or after a time; Infinity: none is. */
  next(seconds: number): number {
    if (!this.#sorted) {
      this.#ends.sort((a, b) => a - b)
      this.#sorted = true
    }
    let low = 0
    let high = this.#ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#ends[middle]! < seconds) low = middle + 1
      else high = middle
    }
    return this.#ends[low] ?? Infinity
  }
}
