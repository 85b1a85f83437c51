/** A pending event's number; numbers are reused once the event is popped or cancelled. */
export type EventHandle = number

/** No event. */
export const NO_EVENT: EventHandle = -1

/**
 * A queue of events in the order (time, priority, sequence): of equal times the lower priority number
 * comes first, and of equal priorities the one scheduled first, so that ties are decided.
 *
 * A binary heap over typed arrays, with the times in heap order; scheduling, moving and cancelling take O(log n) and
 * allocate nothing once the arrays have grown to the largest number of pending events.
 */
export class EventQueue {
  /** Time of the event popped last, in seconds; the clock. */
  now: number = 0
  /** Tag of the event popped last. */
  tag: number = 0
  /** Time of the next event; Infinity when there is none. A field, since a getter's number is boxed. */
  nextTime: number = Infinity

  /** Times in heap order. */
  #times: Float64Array
  /** By handle, as are the two after it. */
  #priorities: Int32Array
  #sequences: Float64Array
  #tags: Int32Array
  /** Position in the heap by handle; -1 when not pending. */
  #positions: Int32Array
  /** Handles in heap order. */
  #heap: Int32Array
  #free: Int32Array
  #freeCount = 0
  #size = 0
  #sequence = 0

  /** @param capacity - pending events that it holds before it grows, at least 1 */
  constructor(capacity = 64) {
    if (!(capacity >= 1)) throw new RangeError(`a capacity of ${capacity}`)
    this.#times = new Float64Array(capacity)
    this.#priorities = new Int32Array(capacity)
    this.#sequences = new Float64Array(capacity)
    this.#tags = new Int32Array(capacity)
    this.#positions = new Int32Array(capacity).fill(-1)
    this.#heap = new Int32Array(capacity)
    this.#free = new Int32Array(capacity)
    for (let handle = capacity - 1; handle >= 0; handle--) this.#free[this.#freeCount++] = handle
  }

  /** Pending events. */
  get size(): number {
    return this.#size
  }

  /**
   * Adds an event.
   *
   * @param time - seconds, not before `now`
   * @param priority - lower goes first among equal times
   * @param tag - an integer that comes back when the event is popped
   */
  schedule(time: number, priority: number, tag: number): EventHandle {
    if (!(time >= this.now)) refuseTime(time, this.now)
    if (this.#freeCount === 0) this.#grow()
    const handle = this.#free[--this.#freeCount]!
    this.#priorities[handle] = priority
    this.#sequences[handle] = this.#sequence++
    this.#tags[handle] = tag
    this.#siftUp(this.#size++, handle, time)
    this.nextTime = this.#times[0]!
    return handle
  }

  /** Moves a pending event to another time; among equals it then comes last. */
  reschedule(handle: EventHandle, time: number): void {
    if (!(time >= this.now)) refuseTime(time, this.now)
    const position = this.#positions[handle]!
    if (!(position >= 0)) refuseHandle(handle)
    this.#sequences[handle] = this.#sequence++
    if (time < this.#times[position]!) this.#siftUp(position, handle, time)
    else this.#siftDown(position, handle, time)
    this.nextTime = this.#times[0]!
  }

  /** Removes a pending event. */
  cancel(handle: EventHandle): void {
    const position = this.#positions[handle]!
    if (!(position >= 0)) refuseHandle(handle)
    this.#fill(position)
    this.#release(handle)
  }

  /** Takes the next event, setting `now` and `tag`; `NO_EVENT` when there is none. */
  pop(): EventHandle {
    if (this.#size === 0) return NO_EVENT
    const handle = this.#heap[0]!
    this.now = this.#times[0]!
    this.tag = this.#tags[handle]!
    this.#fill(0)
    this.#release(handle)
    return handle
  }

  #release(handle: number): void {
    this.#positions[handle] = -1
    this.#free[this.#freeCount++] = handle
  }

  /** Closes the gap at a position: the last event goes down from there to the bottom, and up to where it belongs. */
  #fill(position: number): void {
    const size = --this.#size
    if (position !== size) this.#siftDown(position, this.#heap[size]!, this.#times[size]!)
    this.nextTime = size === 0 ? Infinity : this.#times[0]!
  }

  /** Whether of two events at one time the first goes before the second. */
  #precedes(a: number, b: number): boolean {
    const pa = this.#priorities[a]!
    const pb = this.#priorities[b]!
    if (pa !== pb) return pa < pb
    return this.#sequences[a]! < this.#sequences[b]!
  }

  #siftUp(start: number, handle: number, time: number): void {
    const heap = this.#heap
    const times = this.#times
    const positions = this.#positions
    let position = start
    while (position > 0) {
      const parent = (position - 1) >> 1
      const above = times[parent]!
      const other = heap[parent]!
      if (above < time || (above === time && this.#precedes(other, handle))) break
      heap[position] = other
      times[position] = above
      positions[other] = position
      position = parent
    }
    heap[position] = handle
    times[position] = time
    positions[handle] = position
  }

  /**
   * Smaller children move up to the bottom, and the event rises from there: half the comparisons of letting it sink,
   * as it mostly belongs near the bottom (Wegener, "Bottom-up heapsort", TCS 118, 1993).
   */
  #siftDown(start: number, handle: number, time: number): void {
    const heap = this.#heap
    const times = this.#times
    const positions = this.#positions
    const size = this.#size
    let gap = start
    for (let child = 2 * gap + 1; child < size; child = 2 * gap + 1) {
      if (child + 1 < size) {
        const left = times[child]!
        const right = times[child + 1]!
        if (right < left || (right === left && this.#precedes(heap[child + 1]!, heap[child]!)))
          child++
      }
      const other = heap[child]!
      heap[gap] = other
      times[gap] = times[child]!
      positions[other] = gap
      gap = child
    }
    this.#siftUp(gap, handle, time)
  }

  #grow(): void {
    const old = this.#times.length
    const capacity = old * 2
    const times = new Float64Array(capacity)
    times.set(this.#times)
    this.#times = times
    const priorities = new Int32Array(capacity)
    priorities.set(this.#priorities)
    this.#priorities = priorities
    const sequences = new Float64Array(capacity)
    sequences.set(this.#sequences)
    this.#sequences = sequences
    const tags = new Int32Array(capacity)
    tags.set(this.#tags)
    this.#tags = tags
    const positions = new Int32Array(capacity).fill(-1)
    positions.set(this.#positions)
    this.#positions = positions
    const heap = new Int32Array(capacity)
    heap.set(this.#heap)
    this.#heap = heap
    this.#free = new Int32Array(capacity)
    for (let handle = capacity - 1; handle >= old; handle--) this.#free[this.#freeCount++] = handle
  }
}

function refuseTime(time: number, now: number): never {
  throw new RangeError(`event at ${time}, before the clock at ${now}`)
}

function refuseHandle(handle: EventHandle): never {
  throw new RangeError(`event ${handle} is not pending`)
}
