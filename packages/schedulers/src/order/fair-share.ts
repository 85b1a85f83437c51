import type { ReplicaView, Slot, StepPlan } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import type { QueueDiscipline } from './queue-discipline.js'
import { wasPreempted } from './waiting-order.js'

/** Weights are counted in this many parts of one, so that counters are whole numbers and add up exactly. */
const PARTS = 1024

/**
 * Fair share of tenants: each has a virtual counter of the service that it got (prompt tokens when a
 * request is admitted, output tokens as they are generated, each with its weight), and the oldest
 * request of the tenant with the lowest counter goes first. The counter of a tenant that had nobody
 * waiting is lifted to the lowest of those that have, so that nobody saves up service; where nobody
 * waited, to that of the tenant admitted last.
 *
 * The virtual token counter of Sheng et al., "Fairness in Serving Large Language Models" (OSDI '24),
 * algorithm 2. Preempted requests go first, and are not charged again for what they had. On a decode
 * replica prompts are not charged.
 */
export function fairShare(inputWeight: number, outputWeight: number): QueueDiscipline {
  const ledger = new Ledger(Math.round(inputWeight * PARTS), Math.round(outputWeight * PARTS))
  return {
    // Whoever arrives may come to stand first, and has its counter lifted then.
    heedsArrivals: true,
    sort(view, slots) {
      ledger.sort(view, slots)
    },
    observe(view) {
      ledger.observe(view)
    },
    limit(view, plan) {
      ledger.limit(view, plan)
    },
    left(slot, generatedTokens) {
      ledger.left(slot, generatedTokens)
    },
  }
}

/** A request that is known, and what its tenant has been charged for it. */
interface Account {
  readonly tenant: number
  promptTokens: number
  admitted: boolean
  outputTokens: number
}

class Ledger {
  readonly #inputWeight: number
  readonly #outputWeight: number
  readonly #counters = new Map<number, number>()
  readonly #accounts: (Account | undefined)[] = []
  #lastAdmitted: number | undefined

  constructor(inputWeight: number, outputWeight: number) {
    this.#inputWeight = inputWeight
    this.#outputWeight = outputWeight
  }

  /** Charges what was done since the last look, and takes in newcomers. Looking twice changes nothing. */
  observe(view: ReplicaView): void {
    for (let slot = view.firstRunning(); slot !== NO_SLOT; slot = view.nextRunning(slot)) {
      const account = this.#accounts[slot] ?? this.#open(view, slot)
      this.#admit(account)
      this.#charge(account, view.generatedTokens(slot))
    }
    const waiting = new Set<number>()
    for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
      const account = this.#accounts[slot]
      if (account === undefined) continue
      waiting.add(account.tenant)
      // One that was preempted since then had made more tokens.
      this.#charge(account, view.generatedTokens(slot))
    }
    for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot)) {
      if (this.#accounts[slot] !== undefined) continue
      const { tenant } = this.#open(view, slot)
      if (!waiting.has(tenant)) this.#lift(tenant, waiting)
      waiting.add(tenant)
    }
  }

  /** A request is gone: its last tokens are charged. */
  left(slot: Slot, generatedTokens: number): void {
    const account = this.#accounts[slot]
    if (account === undefined) return
    this.#accounts[slot] = undefined
    if (generatedTokens > account.outputTokens) this.#admit(account)
    this.#charge(account, generatedTokens)
  }

  /** Puts the queue in order: as the counters are, and as each admission would change them. */
  sort(view: ReplicaView, slots: Slot[]): void {
    const first: Slot[] = []
    const queues = new Map<number, Slot[]>()
    for (const slot of slots) {
      if (wasPreempted(view, slot) || view.isSwapped?.(slot) === true) first.push(slot)
      else {
        const tenant = this.#tenant(view, slot)
        const queue = queues.get(tenant)
        if (queue === undefined) queues.set(tenant, [slot])
        else queue.push(slot)
      }
    }
    const heads = [...queues].map(([tenant, queue]) => ({
      queue,
      next: 0,
      counter: this.#counter(tenant),
    }))
    let length = 0
    for (const slot of first) slots[length++] = slot
    while (length < slots.length) {
      let least = heads.find(({ queue, next }) => next < queue.length)
      for (const head of heads)
        if (head.next < head.queue.length && head.counter < least!.counter) least = head
      const slot = least!.queue[least!.next++]!
      least!.counter += this.#accounts[slot]?.promptTokens ?? 0
      slots[length++] = slot
    }
  }

  /**
   * Lets a plan stand no longer than the tenant that is first in the queue stays so, while each counter
   * grows by what its requests decode.
   */
  limit(view: ReplicaView, plan: StepPlan): void {
    if (plan.repeats <= 1 || view.waiting === 0) return
    const waiting = new Set<number>()
    for (let slot = view.firstWaiting(); slot !== NO_SLOT; slot = view.nextWaiting(slot))
      waiting.add(this.#tenant(view, slot))
    if (waiting.size < 2) return
    // Who is admitted by this plan decodes too, and is not seen yet.
    if (view.role === 'decode' || (view.swapped ?? 0) > 0) {
      plan.repeats = 1
      return
    }
    const growth = new Map<number, number>()
    for (let slot = view.firstRunning(); slot !== NO_SLOT; slot = view.nextRunning(slot)) {
      if (view.prefillRemaining(slot) > 0) continue
      const tenant = this.#tenant(view, slot)
      growth.set(tenant, (growth.get(tenant) ?? 0) + this.#outputWeight)
    }
    let first: number | undefined
    for (const tenant of waiting)
      if (first === undefined || this.#counter(tenant) < this.#counter(first)) first = tenant
    const least = this.#counter(first!)
    const pace = growth.get(first!) ?? 0
    for (const tenant of waiting) {
      const gain = pace - (growth.get(tenant) ?? 0)
      if (tenant === first || gain <= 0) continue
      plan.repeats = Math.min(
        plan.repeats,
        Math.max(1, Math.ceil((this.#counter(tenant) - least) / gain)),
      )
    }
  }

  #open(view: ReplicaView, slot: Slot): Account {
    const tenant = this.#tenant(view, slot)
    const decodesOnly = view.role === 'decode'
    const account: Account = {
      tenant,
      promptTokens: decodesOnly ? 0 : view.promptTokens(slot) * this.#inputWeight,
      admitted: false,
      outputTokens: view.generatedTokens(slot),
    }
    this.#accounts[slot] = account
    return account
  }

  #admit(account: Account): void {
    if (account.admitted) return
    account.admitted = true
    this.#add(account.tenant, account.promptTokens)
    account.promptTokens = 0
    this.#lastAdmitted = account.tenant
  }

  #charge(account: Account, generatedTokens: number): void {
    if (generatedTokens === account.outputTokens) return
    this.#add(account.tenant, (generatedTokens - account.outputTokens) * this.#outputWeight)
    account.outputTokens = generatedTokens
  }

  #lift(tenant: number, waiting: ReadonlySet<number>): void {
    let least = Infinity
    for (const other of waiting) least = Math.min(least, this.#counter(other))
    if (waiting.size === 0)
      least = this.#lastAdmitted === undefined ? 0 : this.#counter(this.#lastAdmitted)
    if (least > this.#counter(tenant)) this.#counters.set(tenant, least)
  }

  #add(tenant: number, service: number): void {
    this.#counters.set(tenant, this.#counter(tenant) + service)
  }

  #counter(tenant: number): number {
    return this.#counters.get(tenant) ?? 0
  }

  #tenant(view: ReplicaView, slot: Slot): number {
    return view.tenantId?.(slot) ?? -1
  }
}
