import type { AdapterPlace, AdapterSlotsSpec, AdapterSpec } from '@llmsim/contracts'
import { widened } from './prompt-contents.js'

/**
 * The LoRA adapters of one replica: those that running requests have, which stay; those that lie in the other
 * slots of the devices, of which the least recently used makes room; and those in host memory, likewise.
 *
 * As vLLM's `LRUCacheWorkerLoRAManager` (`vllm/lora/worker_manager.py`, `vllm/lora/model_manager.py`) does it:
 * `max_loras` slots, and `max_cpu_loras` adapters in host memory with those of the slots among them.
 */
export class AdapterStore {
  readonly spec: AdapterSlotsSpec
  /** Different adapters of running requests, and the most of them. */
  running: number = 0
  peakRunning: number = 0
  /** Admissions whose adapter was there, and those for which it was loaded. */
  hits: number = 0
  loads: number = 0
  /** Of those, the ones that host memory did not have. */
  storageLoads: number = 0
  loadSeconds: number = 0
  evictions: number = 0
  readonly #specs: readonly AdapterSpec[]
  /** Running requests by adapter, and waiting ones. */
  #users = new Int32Array(64)
  #waiting = new Int32Array(64)
  /** Adapters that waiting requests have and no running one. */
  #awaited = 0
  /** In the slots of the devices, and in host memory alone: without users, the least recently used first. */
  readonly #idle = new Set<number>()
  readonly #host = new Set<number>()
  /** Adapters without users that the plan that is being made admits. */
  readonly #planned = new Set<number>()

  constructor(spec: AdapterSlotsSpec, specs: readonly AdapterSpec[]) {
    this.spec = spec
    this.#specs = specs
  }

  /** A plan begins. */
  beginPlan(): void {
    this.#planned.clear()
  }

  /** The plan that is being made admits a request with an adapter. */
  plan(adapter: number): void {
    if (this.#usersOf(adapter) === 0) this.#planned.add(adapter)
  }

  /** Whether an adapter has a slot beside those of running requests and of the plan. */
  fits(adapter: number): boolean {
    return !this.isFull || this.isTaken(adapter)
  }

  /** Whether running requests and the plan take all slots. */
  get isFull(): boolean {
    return this.running + this.#planned.size >= this.spec.slots
  }

  /** Whether a running request or the plan has an adapter. */
  isTaken(adapter: number): boolean {
    return this.#usersOf(adapter) > 0 || this.#planned.has(adapter)
  }

  /** Where an adapter is. */
  placeOf(adapter: number): AdapterPlace {
    if (this.#usersOf(adapter) > 0) return 'running'
    if (this.#idle.has(adapter)) return 'resident'
    return this.#waiting[adapter]! > 0 ? 'waiting' : 'absent'
  }

  /** Slots that neither running nor waiting requests need. */
  get freeSlots(): number {
    return this.spec.slots - this.running - this.#awaited
  }

  /** A request with an adapter joins the queue (1) or leaves it (-1). */
  queue(adapter: number, change: 1 | -1): void {
    this.#room(adapter)
    const before = this.#waiting[adapter]!
    const after = before + change
    this.#waiting[adapter] = after
    if (this.#users[adapter] === 0 && (before === 0 || after === 0)) this.#awaited += change
  }

  /** A request with an adapter runs from now on; the seconds on the host's link and before it that this takes. */
  acquire(adapter: number): number {
    this.#room(adapter)
    const users = this.#users[adapter]!
    this.#users[adapter] = users + 1
    if (users > 0) {
      this.hits++
      return 0
    }
    if (++this.running > this.peakRunning) this.peakRunning = this.running
    if (this.#waiting[adapter]! > 0) this.#awaited--
    if (this.#idle.delete(adapter)) {
      this.hits++
      return 0
    }
    return this.#load(adapter)
  }

  /** A request with an adapter runs no more. */
  release(adapter: number): void {
    if (--this.#users[adapter]! > 0) return
    this.running--
    if (this.#waiting[adapter]! > 0) this.#awaited++
    this.#idle.add(adapter)
  }

  /** Forgets all adapters: the replica has lost its memory, and nobody runs there. */
  clear(): void {
    this.#idle.clear()
    this.#host.clear()
  }

  #load(adapter: number): number {
    const { slots, hostSlots = Infinity, secondsPerRank, storageSecondsPerRank = 0 } = this.spec
    const { rank } = this.#specs[adapter]!
    this.loads++
    // Counted with the one that comes.
    if (this.running + this.#idle.size > slots) {
      const gone = oldest(this.#idle)
      this.#idle.delete(gone)
      this.#host.add(gone)
      this.evictions++
    }
    let seconds = rank * secondsPerRank
    if (!this.#host.delete(adapter)) {
      this.storageLoads++
      seconds += rank * storageSecondsPerRank
      if (this.running + this.#idle.size + this.#host.size > hostSlots)
        this.#host.delete(oldest(this.#host))
    }
    this.loadSeconds += seconds
    return seconds
  }

  #usersOf(adapter: number): number {
    return this.#users[adapter] ?? 0
  }

  #room(adapter: number): void {
    if (adapter < this.#users.length) return
    const length = Math.max(2 * this.#users.length, adapter + 1)
    this.#users = widened(this.#users, length)
    this.#waiting = widened(this.#waiting, length)
  }
}

function oldest(adapters: ReadonlySet<number>): number {
  const [first = -1] = adapters
  return first
}
