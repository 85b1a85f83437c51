import type { DeciderView, PrefillDecider, Slot } from '@llmsim/contracts'
import { SimulatorError } from '@llmsim/contracts'
import type { KvHandover } from './kv-handover.js'
import { policyFailure } from './policy-failure.js'
import type { PoolSet } from './pool-set.js'
import type { Replica } from './replica.js'

export interface DeskParts {
  readonly decider: PrefillDecider
  readonly set: PoolSet
  readonly handover: KvHandover
}

/**
 * Asks the decider where the prompt of a request is computed. The decode replica is chosen first; a request
 * that a prefill pool gets is promised to it, and counts as its own from then on.
 */
export class DeciderDesk {
  /** Requests whose prompts went to the pools that requests come to, and to a decode replica. */
  prefillRequests: number = 0
  decodeRequests: number = 0
  readonly #parts: DeskParts
  readonly #view: ChoiceView

  constructor(parts: DeskParts) {
    this.#parts = parts
    this.#view = new ChoiceView(parts.set)
  }

  /**
   * The decode replica that computes the prompt itself; undefined: a prefill pool does, or none is there.
   *
   * Errors: `CONTRACT` when a router or the decider fails or answers with neither
   */
  choose(slot: Slot, now: number): Replica | undefined {
    const { decider, set, handover } = this.#parts
    const { promises } = set
    promises!.release(slot)
    handover.forget(slot)
    // One too long for the decode pools has come for a mixed one.
    const target = set.decode.fitsSlot(slot) ? set.decode.route(slot, now) : undefined
    if (target === undefined) return undefined
    const request = set.pools[target.pool]!.routed(slot)
    this.#view.lookAt(slot, target, now)
    let answer: string
    try {
      answer = decider.decide(request, this.#view)
    } catch (error) {
      throw policyFailure(`decider ${decider.name}`, error)
    }
    if (answer === 'decode') return target
    if (answer === 'prefill') {
      promises!.give(slot, target)
      return undefined
    }
    throw new SimulatorError({
      code: 'CONTRACT',
      path: `decider ${decider.name}`,
      message: 'answers with neither of the two',
      given: answer,
      accepted: 'prefill or decode',
    })
  }

  /** A request has come to a replica. */
  count({ role }: Replica): void {
    if (role === 'decode') this.decodeRequests++
    else this.prefillRequests++
  }
}

/** What a decider sees; each figure is taken when it is asked for, as routers see it. */
class ChoiceView implements DeciderView {
  nowSeconds: number = 0
  readonly #set: PoolSet
  #target: Replica | undefined
  #cachedTokens = 0

  constructor(set: PoolSet) {
    this.#set = set
  }

  lookAt(slot: Slot, target: Replica, now: number): void {
    this.nowSeconds = now
    this.#target = target
    this.#cachedTokens = target.cachedTokens(slot, now)
    this.#set.pools[target.pool]!.lookAt(slot, now)
    for (const pool of this.#set.entry.pools) pool.lookAt(slot, now)
  }

  get cachedTokens(): number {
    return this.#cachedTokens
  }

  get decodeQueued(): number {
    return this.#ofTarget('queued')
  }

  get decodeOutstanding(): number {
    return this.#ofTarget('outstanding')
  }

  get usedBlocks(): number {
    return this.#ofTarget('usedBlocks')
  }

  get totalBlocks(): number {
    return this.#target!.kv.total
  }

  get prefillReplicas(): number {
    let replicas = 0
    for (const { available } of this.#set.entry.pools) replicas += available.length
    return replicas
  }

  get prefillQueued(): number {
    return this.#ofEntry('queued')
  }

  get prefillOutstanding(): number {
    return this.#ofEntry('outstanding')
  }

  #ofTarget(signal: 'queued' | 'outstanding' | 'usedBlocks'): number {
    const { view, available } = this.#set.pools[this.#target!.pool]!
    return view[signal](available.indexOf(this.#target!))
  }

  #ofEntry(signal: 'queued' | 'outstanding'): number {
    let sum = 0
    for (const { view } of this.#set.entry.pools)
      for (let replica = 0; replica < view.replicas; replica++) sum += view[signal](replica)
    return sum
  }
}
