interface Entry<T> {
  readonly time: number
  /** Of equal times, who came first goes first. */
  readonly order: number
  readonly item: T
}

/** Items by their time, the earliest first; of equal times in the order they came. */
export class TimeHeap<T> {
  readonly #entries: Entry<T>[] = []
  #pushed = 0

  /** Infinity when empty. */
  get firstTime(): number {
    return this.#entries[0]?.time ?? Infinity
  }

  push(time: number, item: T): void {
    const entries = this.#entries
    const entry = { time, order: this.#pushed++, item }
    let at = entries.length
    entries.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(entry, entries[parent]!)) break
      entries[at] = entries[parent]!
      at = parent
    }
    entries[at] = entry
  }

  /** Takes out the earliest item; undefined when empty. */
  pop(): T | undefined {
    const entries = this.#entries
    const first = entries[0]
    const last = entries.pop()
    if (first === undefined || last === undefined || entries.length === 0) return first?.item
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= entries.length) break
      if (child + 1 < entries.length && before(entries[child + 1]!, entries[child]!)) child++
      if (!before(entries[child]!, last)) break
      entries[at] = entries[child]!
      at = child
    }
    entries[at] = last
    return first.item
  }
}

function before<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}
