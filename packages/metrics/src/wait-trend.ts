import { TimeGrid } from './time-grid.js'

/** The mean wait of those that came in the first and in the second half of the time. */
export interface WaitHalves {
  readonly first: number
  readonly second: number
  /** From the first arrival to the last one. */
  readonly seconds: number
}

/** How long requests waited, by when they arrived. */
export class WaitTrend {
  readonly #grid: TimeGrid = new TimeGrid(64)
  readonly #waits: Float64Array = this.#grid.column()
  readonly #counts: Float64Array = this.#grid.column()
  #first = Infinity
  #last = -Infinity
  /** The interval of the last arrival: the next one is most often of the same, and takes no division. */
  #from = Infinity
  #to = -Infinity
  #interval = 0

  add(arrivalSeconds: number, waitSeconds: number): void {
    if (!(arrivalSeconds > this.#from && arrivalSeconds <= this.#to)) this.#find(arrivalSeconds)
    const interval = this.#interval
    this.#waits[interval] = this.#waits[interval]! + waitSeconds
    this.#counts[interval] = this.#counts[interval]! + 1
    if (arrivalSeconds < this.#first) this.#first = arrivalSeconds
    if (arrivalSeconds > this.#last) this.#last = arrivalSeconds
  }

  #find(arrivalSeconds: number): void {
    const grid = this.#grid
    this.#interval = grid.intervalOf(arrivalSeconds)
    this.#from = this.#interval * grid.width
    this.#to = this.#from + grid.width
  }

  /** Undefined where either half has no request. */
  halves(): WaitHalves | undefined {
    const middle = this.#grid.intervalOf((this.#first + this.#last) / 2)
    const last = this.#grid.intervalOf(this.#last)
    const mean = (from: number, to: number): number => {
      let waits = 0
      let count = 0
      for (let i = from; i < to; i++) {
        waits += this.#waits[i]!
        count += this.#counts[i]!
      }
      return waits / count
    }
    const first = mean(0, middle)
    const second = mean(middle, last + 1)
    if (!(first >= 0 && second >= 0)) return undefined
    return { first, second, seconds: this.#last - this.#first }
  }
}
