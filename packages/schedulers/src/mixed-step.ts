import type { ReplicaView, Scheduler, SchedulerOptions, Slot, StepPlan } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import { openGate, type AdmissionGate } from './admission-gate.js'
import { admitReady, keptBlocks } from './admission.js'
import { noLag, type QueueLag } from './queue-lag.js'

/** How a scheduler of mixed steps fills them. */
export interface MixedStepRules {
  /** Tokens of a step at most: each decoding request takes one, prompts what is left. */
  readonly tokenBudget: number
  /**
   * Who is served when the budget is less than all want. `decodes`: all that decode, whatever the budget;
   * `decodes-in-budget`: they come before prompts, in order of admission, and those beyond the budget wait;
   * `running-order`: all that run in order of admission, whether they decode or have prompt left.
   */
  readonly first: 'decodes' | 'decodes-in-budget' | 'running-order'
  /** Whether a prompt may be cut to what is left of the budget; if not, one beyond it goes alone. */
  readonly chunked: boolean
  /** Tokens of one prompt in a step at most; Infinity where there is no such limit. */
  readonly chunkLimit: number
  /** Whether a prompt is cut to whole KV blocks. */
  readonly cutAtBlocks: boolean
  /** Whether prompts take what is left in equal parts, block by block in turn, and not one after another. */
  readonly equalProgress?: boolean
  /** Tokens of a step with a chunk of a prompt of which so many are done, in place of the budget. */
  readonly budgetAt?: (doneTokens: number) => number
  /** Whether a free KV block is wanted for each decoding request, needed or not. */
  readonly freeBlockEach?: boolean
  /** Share of the KV blocks that admission leaves free, unless nothing runs. */
  readonly watermark: number
  /**
   * KV tokens that a request is counted with, from its admission on, for as long as it runs: those of
   * its prompt and of the outputs that it may have. Undefined: what it holds. Only where requests both
   * prefill and decode; a prefill replica lets them go, and a decode replica has got them already.
   */
  readonly reservedTokens: ((view: ReplicaView, slot: Slot) => number) | undefined
  /** When the queue is looked at; at each step unless given. */
  readonly gate?: AdmissionGate
  /** Whom the engine knew of when it planned; all who wait unless given. */
  readonly lag?: QueueLag
}

/**
 * A scheduler whose steps mix both phases: each decoding request gets a token, prompts that have begun go
 * on, then waiting ones are admitted, first come first served, while budget, batch size and KV blocks
 * last. A prompt is admitted when there is room for all of it. When a decoding request finds no block,
 * those admitted last are preempted, and nobody is admitted.
 */
export function mixedSteps(
  name: string,
  options: SchedulerOptions,
  rules: MixedStepRules,
): Scheduler {
  const { gate = openGate, lag = noLag } = rules
  const step = new MixedStep(options, rules, gate, lag)
  return {
    name,
    resumesSwapped: true,
    seesPrefixes: true,
    promptChunkTokens: rules.chunked ? Math.min(rules.tokenBudget, rules.chunkLimit) : Infinity,
    plan(view, plan) {
      gate.observe(view)
      lag.observe(view)
      step.begin(view, plan)
      step.chooseDecodes()
      step.makeRoomToDecode()
      if (rules.equalProgress === true) step.shareAmongPrompts()
      else {
        step.continuePrompts()
        if (!step.preempted) step.admitWaiting()
      }
      step.finish()
    },
  }
}

/** The running totals of a plan, used again for the next one. */
class MixedStep {
  preempted: boolean = false
  #view!: ReplicaView
  #plan!: StepPlan
  readonly #options: SchedulerOptions
  readonly #rules: MixedStepRules
  readonly #gate: AdmissionGate
  readonly #lag: QueueLag
  #free = 0
  #budget = 0
  /** First of the preempted ones in the running list: those from it to the end are out. */
  #cut: Slot = NO_SLOT
  #decodes = 0
  /** Those that decode, where the budget is not enough for all; undefined: all. */
  #served: Set<Slot> | undefined
  #chunks = 0
  #admitted = 0
  /** Whether a prompt waits for a step with more of the budget left. */
  #lacksBudget = false

  constructor(
    options: SchedulerOptions,
    rules: MixedStepRules,
    gate: AdmissionGate,
    lag: QueueLag,
  ) {
    this.#gate = gate
    this.#lag = lag
    this.#options = options
    this.#rules = rules
  }

  begin(view: ReplicaView, plan: StepPlan): void {
    this.#view = view
    this.#plan = plan
    this.preempted = false
    this.#free = view.freeBlocks
    this.#budget = this.#rules.tokenBudget
    this.#cut = NO_SLOT
    this.#decodes = view.decoding
    this.#served = undefined
    this.#chunks = 0
    this.#admitted = 0
    this.#lacksBudget = false
  }

  /** Finds who decodes where the budget is less than all that run want. */
  chooseDecodes(): void {
    const view = this.#view
    const { first } = this.#rules
    if (first === 'decodes') return
    const inOrder = first === 'running-order' && !this.#decodesAreFirst()
    if (!inOrder && view.decoding <= this.#budget) return
    const served = new Set<Slot>()
    let left = this.#budget
    for (
      let slot = view.firstRunning();
      slot !== NO_SLOT && left > 0;
      slot = view.nextRunning(slot)
    ) {
      const remaining = view.prefillRemaining(slot)
      if (remaining === 0) {
        served.add(slot)
        left--
      } else if (inOrder) left -= Math.min(remaining, left, this.#rules.chunkLimit)
    }
    if (served.size === view.decoding) return
    this.#served = served
    this.#decodes = served.size
  }

  /** Preempts from the end of the running list until the next token of the others has room. */
  makeRoomToDecode(): void {
    let needed = this.#neededBlocks()
    while (needed + this.#spareBlocks() > this.#free && this.#last() !== NO_SLOT) {
      const last = this.#last()
      if (this.#isServed(last)) needed -= this.#view.blocksToDecode(last)
      this.#preemptLast()
    }
    this.#free -= needed
    this.#budget -= this.#decodes
  }

  /** Gives running requests with prompt left their next chunk, in order of admission. */
  continuePrompts(): void {
    const view = this.#view
    if (view.running === view.decoding) return
    let slot = view.firstRunning()
    while (slot !== NO_SLOT && slot !== this.#cut) {
      const remaining = view.prefillRemaining(slot)
      const tokens = remaining > 0 ? this.#chunkOf(slot, remaining) : 0
      if (tokens > 0) this.#prefill(slot, tokens)
      slot = view.nextRunning(slot)
    }
  }

  /** Admits waiting requests, first come first served, while budget, batch size and blocks allow. */
  admitWaiting(): void {
    this.#eachAdmissible(this.#admitChunk)
  }

  readonly #admitChunk = (slot: Slot, remaining: number): boolean => {
    const tokens = this.#chunkOf(slot, remaining)
    if (tokens === 0) {
      this.#lacksBudget = true
      return false
    }
    this.#prefill(slot, tokens)
    return true
  }

  /** Lets all prompts, those that have begun and those that may begin, go on by a block in turn. */
  shareAmongPrompts(): void {
    const view = this.#view
    const turns: { readonly slot: Slot; readonly remaining: number; tokens: number }[] = []
    for (
      let slot = view.firstRunning();
      slot !== NO_SLOT && slot !== this.#cut;
      slot = view.nextRunning(slot)
    ) {
      const remaining = view.prefillRemaining(slot)
      if (remaining > 0) turns.push({ slot, remaining, tokens: 0 })
    }
    if (!this.preempted)
      this.#eachAdmissible((slot, remaining) => {
        turns.push({ slot, remaining, tokens: 0 })
        return true
      })
    let left = Math.max(0, this.#budget)
    const alone = this.#decodes + this.#admitted === 0
    for (let given = 1; given > 0 && left > 0;) {
      given = 0
      for (const turn of turns) {
        const more = Math.min(view.blockSize, turn.remaining - turn.tokens)
        if (more > left) continue
        turn.tokens += more
        given += more
        left -= more
      }
    }
    const [foremost] = turns
    // Where the budget is less than a block, and nothing else would be done.
    if (alone && foremost !== undefined && turns.every(({ tokens }) => tokens === 0))
      foremost.tokens = Math.min(foremost.remaining, left)
    if (turns.some(({ tokens }) => tokens === 0)) this.#lacksBudget = true
    for (const { slot, tokens } of turns)
      if (tokens > 0 && view.adapterFits?.(slot) !== false) this.#prefill(slot, tokens)
  }

  finish(): void {
    const view = this.#view
    const plan = this.#plan
    if (this.#served === undefined) {
      if (this.#decodes > 0 || this.#admitted > 0) plan.decodeAll()
    } else for (const slot of this.#served) plan.decode(slot)
    // Preempting frees blocks, a chunk is followed by another, and a block was kept for each resident
    // that was admitted, which not all of them need: who waits is looked at again.
    const lag = this.#lag
    const again = this.preempted || this.#chunks > 0 || this.#admitted > 0 || lag.unseen
    const gate = this.#gate
    plan.repeats = again ? 1 : gate.nextLook
    if (this.#rules.freeBlockEach === true && this.#decodes > 1) plan.spareBlocks = 1
    if (lag.heedsArrivals) return
    plan.ignoresArrivals =
      this.#served !== undefined ||
      (!gate.heedsArrivals && view.role !== 'decode') ||
      view.running + this.#admitted >= this.#options.maxBatchSize ||
      (view.role !== 'decode' && view.waiting > 0 && gate.shutFor === 0 && !this.#mayShrink())
  }

  /**
   * Whether what is left of a prompt that lacks budget may become less, and fit: another one that arrives may have
   * brought what it finds in the prefix cache.
   */
  #mayShrink(): boolean {
    return this.#lacksBudget && this.#view.cachedTokens !== undefined
  }

  /**
   * Admits those whose KV cache is there, then hands waiting prompts to `admit`, first come first served, while
   * batch size and blocks allow and it says that it took the one before.
   */
  #eachAdmissible(admit: (slot: Slot, remaining: number) => boolean): void {
    const view = this.#view
    const { first, watermark } = this.#rules
    const most = first === 'decodes' ? Infinity : this.#budget
    const ready = admitReady(view, this.#plan, this.#options, watermark, most)
    this.#admitted = ready.slots.length
    this.#budget -= this.#admitted
    for (const slot of ready.slots) this.#gate.join(slot, view.generatedTokens(slot), 0)
    if (ready.blocked || this.#gate.shutFor > 0) return
    let free = this.#free - ready.blocks - keptBlocks(view, watermark)
    let size = view.running + this.#admitted
    let unreserved: number | undefined
    for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
      const remaining = view.prefillRemaining(slot)
      if (remaining === 0 || !this.#lag.knows(view, slot)) continue
      if (size >= this.#options.maxBatchSize) return
      const held = view.heldBlocks(slot)
      const blocks = view.blocksFor(view.kvTokens(slot) + remaining) - held
      if (blocks > free) return
      unreserved ??= this.#unreservedBlocks() - ready.blocks
      const reserved = this.#reservedBlocks(slot, blocks + held) - held
      // One that has the replica for itself need not keep room for others.
      if (reserved > unreserved && size > 0) return
      if (!admit(slot, remaining)) return
      unreserved -= reserved
      free -= blocks
      size++
    }
  }

  /** How many of so many prompt tokens this step can still take; 0: none. */
  #chunkOf(slot: Slot, remaining: number): number {
    const { chunked, chunkLimit, cutAtBlocks, budgetAt, tokenBudget } = this.#rules
    const alone = this.#decodes + this.#admitted + this.#chunks === 0
    if (!chunked) return remaining <= this.#budget || alone ? remaining : 0
    const less = budgetAt === undefined ? 0 : tokenBudget - budgetAt(this.#view.kvTokens(slot))
    const room = Math.max(0, Math.min(this.#budget - less, chunkLimit))
    if (remaining <= room) return remaining
    const cut = cutAtBlocks ? room - (room % this.#view.blockSize) : room
    return cut > 0 || !alone ? cut : room
  }

  /** Whether all that run with prompt left were admitted after those that decode: the usual case. */
  #decodesAreFirst(): boolean {
    const view = this.#view
    let slot = view.lastRunning()
    for (let prompts = view.running - view.decoding; prompts > 0; prompts--) {
      if (view.prefillRemaining(slot) === 0) return false
      slot = view.previousRunning(slot)
    }
    return true
  }

  /** KV blocks that the next tokens of those that decode allocate. */
  #neededBlocks(): number {
    if (this.#served === undefined) return this.#view.blocksToDecodeAll
    let blocks = 0
    for (const slot of this.#served) blocks += this.#view.blocksToDecode(slot)
    return blocks
  }

  /** Whether a running request decodes in this step. */
  #isServed(slot: Slot): boolean {
    if (this.#served !== undefined) return this.#served.has(slot)
    return this.#view.prefillRemaining(slot) === 0
  }

  /** KV blocks that must be free beside those that are needed: one for the last, where it needs none. */
  #spareBlocks(): number {
    if (this.#rules.freeBlockEach !== true || this.#decodes <= 1) return 0
    let last = this.#last()
    while (!this.#isServed(last)) last = this.#view.previousRunning(last)
    return this.#view.blocksToDecode(last) === 0 ? 1 : 0
  }

  /** KV blocks that no running request may come to need. */
  #unreservedBlocks(): number {
    const view = this.#view
    if (!this.#reserves()) return Infinity
    let unreserved = view.freeBlocks
    for (let slot = view.firstRunning(); slot !== NO_SLOT; slot = view.nextRunning(slot)) {
      const held = view.heldBlocks(slot) + (view.sharedBlocks?.(slot) ?? 0)
      unreserved -= Math.max(0, this.#reservedBlocks(slot, held) - held)
    }
    return unreserved
  }

  /** KV blocks that a request is counted with, at least those that it has or gets now. */
  #reservedBlocks(slot: Slot, atLeast: number): number {
    const { reservedTokens } = this.#rules
    if (reservedTokens === undefined || !this.#reserves()) return atLeast
    const view = this.#view
    const tokens = reservedTokens(view, slot)
    const blocks = view.blocksToHold?.(tokens) ?? view.blocksFor(tokens)
    return Math.max(atLeast, Math.min(view.totalBlocks, blocks))
  }

  #reserves(): boolean {
    return this.#rules.reservedTokens !== undefined && this.#view.role === 'mixed'
  }

  #last(): Slot {
    return this.#cut === NO_SLOT ? this.#view.lastRunning() : this.#view.previousRunning(this.#cut)
  }

  #preemptLast(): void {
    const view = this.#view
    const slot = this.#last()
    this.#plan.preempt(slot)
    this.#free += view.heldBlocks(slot)
    if (this.#isServed(slot)) this.#decodes--
    this.#served?.delete(slot)
    this.#cut = slot
    this.preempted = true
  }

  #prefill(slot: Slot, tokens: number): void {
    this.#plan.prefill(slot, tokens)
    this.#gate.join(slot, this.#view.generatedTokens(slot) + 1, 1)
    this.#budget -= tokens
    this.#chunks++
  }
}
