import type { ReplicaView, SchedulerOptions, Slot } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import { wholeOption } from './option-values.js'

/**
 * When an engine looks at its queue while requests decode. One that does not run looks at once.
 *
 * Steps are counted by the tokens of a request that decodes, since the scheduler is not asked at each of
 * them; asked again, or at every step, the gate is open or shut all the same.
 */
export interface AdmissionGate {
  /** Steps after which the queue is looked at; 0: now. */
  readonly shutFor: number
  /** Steps until the next look at the queue after this one; Infinity: when something arrives or ends. */
  readonly nextLook: number
  /** Whether an arrival may open it before. */
  readonly heedsArrivals: boolean
  /** Sees what has happened since the last plan. */
  observe(view: ReplicaView): void
  /** A request is admitted that will have `generated` tokens once `steps` further steps are done. */
  join(slot: Slot, generated: number, steps: number): void
  /** Prompts are computed in a step in which nobody decodes. */
  prefillOnly(): void
}

/** Always open. */
export const openGate: AdmissionGate = {
  shutFor: 0,
  nextLook: Infinity,
  heedsArrivals: true,
  observe: () => undefined,
  join: () => undefined,
  prefillOnly: () => undefined,
}

/** Counts steps by the tokens of those that decode. */
class StepCount {
  steps = 0
  /** Steps so far less the tokens that a request has generated, by slot; constant while it runs. */
  readonly #offsets: number[] = []

  /** Returns whether anything runs. */
  observe(view: ReplicaView): boolean {
    if (view.running === 0) {
      this.steps = 0
      return false
    }
    let slot = view.firstRunning()
    while (slot !== NO_SLOT && view.prefillRemaining(slot) > 0) slot = view.nextRunning(slot)
    const offset = slot === NO_SLOT ? undefined : this.#offsets[slot]
    if (offset !== undefined) this.steps = offset + view.generatedTokens(slot)
    return true
  }

  join(slot: Slot, generated: number, steps: number): void {
    this.#offsets[slot] = this.steps + steps - generated
  }
}

/** Looks once in so many steps, whoever waits. */
class PollingGate implements AdmissionGate {
  readonly heedsArrivals: boolean = false
  shutFor: number = 0
  nextLook: number
  readonly #interval: number
  /** Whether steps are counted anew after one that computes prompts. */
  readonly #anew: boolean
  readonly #count = new StepCount()
  /** Steps in which nobody decoded. */
  #others = 0
  #opened = 0
  /** Whether what the count began anew with was a look. */
  #looked = false

  constructor(interval: number, anew: boolean) {
    this.#interval = interval
    this.#anew = anew
    this.nextLook = interval
  }

  observe(view: ReplicaView): void {
    if (!this.#count.observe(view)) {
      this.#others = 0
      this.#opened = 0
      this.#looked = false
      this.shutFor = 0
      this.nextLook = this.#interval
      return
    }
    const steps = this.#count.steps + this.#others
    if (steps >= this.#opened + this.#interval) {
      this.#opened = steps - ((steps - this.#opened) % this.#interval)
      this.#looked = false
    }
    const since = steps - this.#opened
    this.nextLook = this.#interval - since
    this.shutFor = since === 0 && !this.#looked ? 0 : this.nextLook
  }

  join(slot: Slot, generated: number, steps: number): void {
    this.#count.join(slot, generated, steps)
  }

  prefillOnly(): void {
    this.#others++
    if (!this.#anew) return
    this.#opened = this.#count.steps + this.#others
    this.#looked = true
  }
}

/** Waits from the first that waits on, for so many steps or so many tokens. */
class GatheringGate implements AdmissionGate {
  readonly heedsArrivals: boolean = true
  shutFor: number = 0
  nextLook: number = Infinity
  readonly #steps: number
  readonly #enoughTokens: number
  readonly #maxBatchSize: number
  readonly #count = new StepCount()
  /** When somebody was first seen to wait; undefined: nobody does, or all have been let in. */
  #since: number | undefined
  /** It was opened, and nobody has been admitted yet. */
  #opened = false

  constructor(steps: number, enoughTokens: number, maxBatchSize: number) {
    this.#steps = steps
    this.#enoughTokens = enoughTokens
    this.#maxBatchSize = maxBatchSize
  }

  observe(view: ReplicaView): void {
    this.shutFor = 0
    this.nextLook = Infinity
    const runs = this.#count.observe(view)
    if (!runs || view.decoding === 0) {
      this.#since = undefined
      this.#opened = false
      return
    }
    if (this.#opened || view.running >= this.#maxBatchSize) return
    if (view.waiting === 0) {
      this.#since = undefined
      return
    }
    this.#since ??= this.#count.steps
    const left = this.#since + this.#steps - this.#count.steps
    if (left > 0 && !this.#isEnough(view)) this.nextLook = this.shutFor = left
    else this.#opened = true
  }

  /** All tokens count, those in a prefix cache too: what is cached may change between two looks. */
  #isEnough(view: ReplicaView): boolean {
    let tokens = view.decoding
    for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
      if (view.prefillRemaining(slot) === 0) continue
      tokens += view.promptTokens(slot) + view.generatedTokens(slot)
      if (tokens >= this.#enoughTokens) return true
    }
    return false
  }

  join(slot: Slot, generated: number, steps: number): void {
    this.#count.join(slot, generated, steps)
    this.#since = undefined
    this.#opened = false
  }

  prefillOnly(): void {
    // Steps mix here.
  }
}

/**
 * Looks at the queue once in `interval` steps; 1: at each.
 *
 * @param anew - whether steps are counted anew after one that computes prompts
 */
export function pollingGate(interval: number, anew: boolean = false): AdmissionGate {
  return interval <= 1 ? openGate : new PollingGate(interval, anew)
}

/** Lets waiting requests gather for `steps` steps, or until a step of `enoughTokens` tokens; 0: never. */
export function gatheringGate(
  steps: number,
  enoughTokens: number,
  maxBatchSize: number,
): AdmissionGate {
  return steps === 0 ? openGate : new GatheringGate(steps, enoughTokens, maxBatchSize)
}

/** Steps between two looks at the queue, by an option. */
export function pollOption(options: SchedulerOptions, name: string): number {
  return wholeOption(options, name, 1, { least: 1, meaning: 'steps' })
}
