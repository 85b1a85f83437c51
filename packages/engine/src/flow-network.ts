/** A flow under way. */
interface Flow {
  readonly number: number
  readonly path: readonly number[]
  remaining: number
  rate: number
  /** Whether its rate is settled, while rates are shared out. */
  settled: boolean
}

/**
 * Flows over links that they share, each at its max-min fair rate: no flow can go faster without a
 * slower one, or one as slow, going slower still. The rates change when a flow starts or ends.
 *
 * Progressive filling: all rates grow alike until a link is full; its flows keep their rate, and the
 * others grow on (Bertsekas and Gallager, "Data Networks", 2nd edition, 6.5.2).
 */
export class FlowNetwork {
  /** When the next flow ends, in seconds; Infinity: none is under way. */
  nextEnd: number = Infinity
  readonly #capacities: Float64Array
  readonly #left: Float64Array
  readonly #sharers: Int32Array
  /** In the order in which they started. */
  readonly #flows: Flow[] = []
  #now = 0
  /** The flow that ends next. */
  #next: Flow | undefined

  /** @param capacities - of the links, by number, in bytes per second */
  constructor(capacities: readonly number[]) {
    this.#capacities = Float64Array.from(capacities)
    this.#left = new Float64Array(capacities.length)
    this.#sharers = new Int32Array(capacities.length)
  }

  /** Flows under way. */
  get size(): number {
    return this.#flows.length
  }

  capacity(link: number): number {
    return this.#capacities[link]!
  }

  /** Bytes per second of a flow; 0 where there is none of that number. */
  rate(number: number): number {
    return this.#flows.find((flow) => flow.number === number)?.rate ?? 0
  }

  /** Bytes per second over a link. */
  load(link: number): number {
    return this.#flows.reduce((sum, { path, rate }) => sum + (path.includes(link) ? rate : 0), 0)
  }

  /** Multiplies the capacity of every link. */
  scale(now: number, factor: number): void {
    this.#advance(now)
    for (let link = 0; link < this.#capacities.length; link++)
      this.#capacities[link] = this.#capacities[link]! * factor
    this.#share()
  }

  /** Starts a flow of `bytes` bytes over the links of `path`, each of which is there once. */
  start(now: number, number: number, bytes: number, path: readonly number[]): void {
    this.#advance(now)
    this.#flows.push({ number, path, remaining: bytes, rate: 0, settled: false })
    this.#share()
  }

  /** Takes a flow off before its end. */
  cancel(now: number, number: number): void {
    const at = this.#flows.findIndex((flow) => flow.number === number)
    if (at < 0) return
    this.#advance(now)
    this.#flows.splice(at, 1)
    this.#share()
  }

  /** Takes off the flow that ends at `nextEnd`, and returns its number; -1 where there is none. */
  end(): number {
    const flow = this.#next
    if (flow === undefined) return -1
    this.#advance(this.nextEnd)
    this.#flows.splice(this.#flows.indexOf(flow), 1)
    this.#share()
    return flow.number
  }

  #advance(now: number): void {
    for (const flow of this.#flows)
      flow.remaining = Math.max(0, flow.remaining - flow.rate * (now - this.#now))
    this.#now = now
  }

  /** Shares out the rates, and finds which flow ends next: of equals the one that started first. */
  #share(): void {
    this.#left.set(this.#capacities)
    this.#sharers.fill(0)
    for (const flow of this.#flows) {
      flow.settled = false
      for (const link of flow.path) this.#sharers[link] = this.#sharers[link]! + 1
    }
    for (let unsettled = this.#flows.length; unsettled > 0;) unsettled -= this.#fillOne()
    this.nextEnd = Infinity
    this.#next = undefined
    for (const flow of this.#flows) {
      const end = this.#now + flow.remaining / flow.rate
      if (end >= this.nextEnd) continue
      this.nextEnd = end
      this.#next = flow
    }
  }

  /** Fills the link that is full first; returns how many flows have their rate by that. */
  #fillOne(): number {
    const left = this.#left
    const sharers = this.#sharers
    let full = -1
    let least = Infinity
    for (let link = 0; link < left.length; link++) {
      if (sharers[link] === 0) continue
      const share = Math.max(0, left[link]!) / sharers[link]!
      if (share >= least) continue
      least = share
      full = link
    }
    let settled = 0
    for (const flow of this.#flows) {
      if (flow.settled || !flow.path.includes(full)) continue
      flow.settled = true
      flow.rate = least
      settled++
      for (const link of flow.path) {
        left[link] = left[link]! - least
        sharers[link] = sharers[link]! - 1
      }
    }
    return settled
  }
}
