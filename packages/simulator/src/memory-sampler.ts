/** Samples kept at most; when there are more, every second one goes and the interval doubles. */
const CAPACITY = 4096

/** The used KV blocks of a replica, sampled at equal intervals of simulated time. */
export class MemorySampler {
  /** When the next sample is due, in seconds. */
  next: number
  interval: number = 2 ** -10
  size: number = 0
  /** Not there while all samples are 0: many of a large fleet never get a request. */
  #values: Float64Array | undefined = undefined
  readonly #end: number

  /** Samples from `startSeconds` to `endSeconds`. */
  constructor(startSeconds: number, endSeconds: number) {
    this.next = startSeconds
    this.#end = endSeconds
  }

  get values(): Float64Array {
    return (this.#values ??= new Float64Array(CAPACITY))
  }

  /** Whether every sample is 0. */
  get isZero(): boolean {
    return this.#values === undefined
  }

  add(blocks: number): void {
    if (this.size === CAPACITY) this.#thin()
    if (blocks !== 0 || this.#values !== undefined) this.values[this.size] = blocks
    this.size++
    this.next += this.interval
    if (this.next > this.#end) this.next = Infinity
  }

  /** Takes the samples that are due before `time`, all of the same number of blocks. */
  addUntil(time: number, blocks: number): void {
    while (this.next < time) this.add(blocks)
  }

  /** Every second sample goes. The sample that is due now stays on the coarser grid: CAPACITY is even. */
  #thin(): void {
    const values = this.#values
    if (values !== undefined) for (let i = 0; i < CAPACITY / 2; i++) values[i] = values[2 * i]!
    this.size = CAPACITY / 2
    this.interval *= 2
  }
}
