import type { Slot } from '@llmsim/contracts'
import type { EventQueue } from '@llmsim/engine'
import { NO_EVENT } from '@llmsim/engine'
import type { BarrierGroup } from './barrier-group.js'
import type { Gateway } from './gateway.js'
import type { KvHandover } from './kv-handover.js'
import { LANE_PRIORITY } from './event-priority.js'
import type { Lane } from './lane.js'
import type { Observation } from './observation.js'
import type { Replica } from './replica.js'
import type { RequestLedger } from './request-ledger.js'
import type { RequestTable } from './request-table.js'
import type { RunClock } from './run-clock.js'
import { stopSegment } from './segment-stop.js'
import type { StepMetrics } from './step-metrics.js'
import { StepStarter } from './step-starter.js'

export interface CycleParts {
  readonly stepByStep: boolean
  /** Prompts that are handed over make no token. */
  readonly firstTokenFromDecode: boolean
  readonly clock: RunClock
  readonly queue: EventQueue
  readonly table: RequestTable
  readonly lanes: readonly Lane[]
  /** The replica of each lane. */
  readonly replicas: readonly Replica[]
  /** The group of each lane that starts its steps together with others. */
  readonly groups: readonly (BarrierGroup | undefined)[]
  readonly steps: StepMetrics
  readonly ledger: RequestLedger
  readonly handover: KvHandover | undefined
  readonly gateway: Gateway | undefined
  readonly observation: Observation | undefined
}

/** The steps of all lanes: each plans, runs, and ends, and what it did counts. */
export class StepCycle {
  readonly #clock: RunClock
  readonly #queue: EventQueue
  readonly #table: RequestTable
  readonly #lanes: readonly Lane[]
  readonly #replicas: readonly Replica[]
  readonly #groups: readonly (BarrierGroup | undefined)[]
  readonly #steps: StepMetrics
  readonly #ledger: RequestLedger
  readonly #handover: KvHandover | undefined
  readonly #gateway: Gateway | undefined
  readonly #observation: Observation | undefined
  readonly #starter: StepStarter
  readonly #firstTokenFromDecode: boolean
  /** The lane whose event is being handled: it plans by itself afterwards. */
  #current: Lane | undefined

  constructor(parts: CycleParts) {
    this.#clock = parts.clock
    this.#queue = parts.queue
    this.#table = parts.table
    this.#lanes = parts.lanes
    this.#replicas = parts.replicas
    this.#groups = parts.groups
    this.#steps = parts.steps
    this.#ledger = parts.ledger
    this.#handover = parts.handover
    this.#gateway = parts.gateway
    this.#observation = parts.observation
    this.#firstTokenFromDecode = parts.firstTokenFromDecode
    this.#starter = new StepStarter(parts.stepByStep, parts.table.adapters !== undefined)
  }

  /** Puts a request into the queue of one of a replica's lanes. */
  enqueue(slot: Slot, replica: Replica): void {
    const lane = replica.lanes.length === 1 ? replica.lanes[0]! : replica.leastLoadedLane()
    const { now } = this.#clock
    this.#table.lane[slot] = lane.id
    this.#table.queued[slot] = now
    lane.waiting.pushBack(slot)
    lane.adapters?.queue(slot, 1)
    this.#observation?.load(lane, now)
    this.#notify(lane)
  }

  /** A lane's event has come: the step that ran is over. */
  endStep(lane: Lane): void {
    lane.event = NO_EVENT
    this.#current = lane
    if (lane.group === undefined) {
      if (lane.segment.active) this.#endSegment(lane)
    } else if (lane.group.running) this.#endTogether(this.#groups[lane.id]!)
  }

  /** After that, the lane plans its next one; whether it runs, to the end of the lane's segment. */
  startStep(lane: Lane): boolean {
    if (lane.group === undefined) this.#startAlone(lane)
    else this.#startTogether(this.#groups[lane.id]!, lane)
    if (this.#observation !== undefined) this.#observeLoad(lane, this.#observation)
    this.#current = undefined
    return lane.inStep
  }

  /** Requests of a lane are gone, or its queue has changed. */
  changed(lane: Lane): void {
    this.#observation?.load(lane, this.#clock.now)
    if (lane.lead.inStep) this.#cut(lane)
    else this.#notify(lane)
  }

  /** Ends a running segment after so many steps, if that is sooner. */
  shorten(lane: Lane, steps: number): void {
    if (steps >= lane.segment.steps) return
    lane.segment.resize(steps)
    lane.group?.resize(steps)
    this.#queue.reschedule(lane.lead.event, lane.segment.end)
  }

  /** KV blocks became free: caches on their way and lanes that stand still may go on. */
  memoryFreed(replica: Replica): void {
    if (replica.inbound.size > 0) this.#handover!.admitInbound(replica, this.#clock.now)
    for (const lane of replica.lanes) {
      if (lane.lead === this.#current || lane.segment.active || lane.load === 0) continue
      if (lane.inStep) this.#cut(lane)
      else this.#wake(lane.lead, this.#clock.now)
    }
  }

  /** KV blocks became free in the middle of a run of steps: it ends at the next step. */
  interrupt(replica: Replica): void {
    for (const lane of replica.lanes) if (lane.segment.active) this.#cut(lane)
    this.memoryFreed(replica)
  }

  /** The run ends at a time at which segments are still running: what they did until then counts. */
  stopAt(limit: number): void {
    for (const lane of this.#lanes)
      if (lane.segment.active)
        stopSegment(lane, this.#replicas[lane.id]!, limit, this.#steps, this.#observation)
      else if (lane.inStep) lane.breakdown?.endAt(lane.segment, limit)
  }

  /** Tells a lane that something came or became free: an idle one plans now, a run ends early. */
  #notify(lane: Lane): void {
    const { segment, lead } = lane
    if (lead === this.#current) return
    if (!lead.inStep) {
      const { now } = this.#clock
      // One that waits for the first pipeline stage has its turn already.
      if (lead.event === NO_EVENT || this.#replicas[lane.id]!.stageFree[0]! <= now)
        this.#wake(lead, now)
      return
    }
    if (segment.steps > 1 && segment.heedsArrivals) this.#cut(lane)
  }

  /** Ends a running segment at the next step boundary. */
  #cut(lane: Lane): void {
    const { segment, lead } = lane
    // Of batches that act at one time the lower number goes first, stepping or not.
    const passed = this.#current !== undefined && this.#current.id > lead.id
    if (!segment.cutAt(this.#clock, passed)) return
    lane.group?.resize(segment.steps)
    this.#queue.reschedule(lead.event, segment.end)
  }

  #wake(lane: Lane, time: number): void {
    if (lane.event === NO_EVENT)
      lane.event = this.#queue.schedule(time, LANE_PRIORITY + lane.id, lane.id)
    else this.#queue.reschedule(lane.event, time)
  }

  #observeLoad(lane: Lane, observation: Observation): void {
    const { now } = this.#clock
    const group = this.#groups[lane.id]
    if (group === undefined) observation.load(lane, now)
    else for (const member of group.members) observation.load(member.lane, now)
  }

  /** Asks the scheduler, and starts what it planned. */
  #startAlone(lane: Lane): void {
    const replica = this.#replicas[lane.id]!
    const { now } = this.#clock
    if (lane.load === 0) return
    if (replica.stageFree[0]! > now) {
      this.#wake(lane, replica.stageFree[0]!)
      return
    }
    if (lane.nextSample < now) replica.sampleUntil(now)
    lane.now = now
    const starter = this.#starter
    const started = starter.start(lane, replica)
    if (starter.freed) this.memoryFreed(replica)
    if (started) return
    // After preempting, the other batches of this replica go first: the blocks may be for one of them.
    if (starter.freed) this.#wake(lane, now)
    else if (starter.reviewAtSeconds !== Infinity) this.#wake(lane, starter.reviewAtSeconds)
  }

  /** The same for the attention ranks of a group. */
  #startTogether(group: BarrierGroup, lead: Lane): void {
    const free = this.#replicas[lead.id]!.stageFree[0]!
    const { now } = this.#clock
    if (!group.hasLoad) return
    if (free > now) {
      this.#wake(lead, free)
      return
    }
    const starter = this.#starter
    const started = starter.startTogether(group, now)
    const { freed, reviewAtSeconds } = starter
    if (freed)
      for (const member of group.members) if (member.freed) this.memoryFreed(member.replica)
    if (started) return
    if (freed) this.#wake(lead, now)
    else if (reviewAtSeconds !== Infinity) this.#wake(lead, reviewAtSeconds)
  }

  /** A step of a group is over: what its ranks did counts, in their order. */
  #endTogether(group: BarrierGroup): void {
    group.running = false
    for (const { lane } of group.members)
      if (lane.segment.active) this.#endSegment(lane)
      else lane.breakdown?.end(lane.segment.steps)
  }

  /** Applies the segment that is over: its tokens, its finished requests, its blocks. */
  #endSegment(lane: Lane): void {
    const { segment, chunks } = lane
    const replica = this.#replicas[lane.id]!
    if (lane.nextSample < segment.end) replica.sampleSegment(lane)
    this.#steps.busy(lane)
    this.#observation?.segment(lane)
    replica.steps += segment.steps - 1
    replica.flights?.end(segment.end)
    lane.breakdown?.end(segment.steps)
    let freed = false
    if (lane.decodes) {
      if (lane.firsts > 0) this.#begun(lane)
      this.#steps.decoded(lane)
      replica.kv.allocate(lane.laterStepsBlocks)
      freed = lane.advance()
    }
    if (lane.doomed.size > 0 && this.#gateway!.stepEnded(lane, this.#clock.now)) freed = true
    if (lane.decodes)
      while (lane.decoders.next <= lane.counter) {
        this.#finish(lane, lane.finishFirst())
        freed = true
      }
    segment.active = false
    for (let i = 0; i < chunks.size; i++)
      if (this.#prefilled(lane, chunks.slots[i]!, chunks.amounts[i]!)) freed = true
    chunks.size = 0
    lane.decodes = false
    // Where there is no other batch to wake, and no cache to come, nobody waits for blocks.
    if (freed && (replica.lanes.length > 1 || replica.inbound.size > 0)) this.memoryFreed(replica)
  }

  /** Decoders have their first token, at the end of a step. */
  #begun({ fresh, segment, table }: Lane): void {
    for (let i = 0; i < fresh.size; i++) {
      const slot = fresh.slots[i]!
      if (table.generated[slot] !== 0) continue
      table.firstToken[slot] = segment.end
      this.#gateway?.begun(slot)
    }
  }

  /** Records a prompt chunk; whether KV blocks became free. */
  #prefilled(lane: Lane, slot: Slot, tokens: number): boolean {
    const table = this.#table
    const done = table.prefillDone[slot]! + tokens
    table.prefillDone[slot] = done
    const { cache } = lane
    let freed = false
    if (cache !== undefined) {
      cache.countComputed(slot, done)
      freed = cache.commit(slot, done, lane.kv.used) > 0
    }
    if (done < table.prefillTarget[slot]!) return freed
    if (lane.settlePrompt(slot, done)) freed = true
    if (this.#firstTokenFromDecode && lane.view.role === 'prefill') {
      this.#steps.handedOver(lane, slot)
      if (table.generated[slot] === 0) table.lastToken[slot] = NaN
      this.#handOver(lane, slot)
      return freed
    }
    const first = table.generated[slot] === 0
    const { now } = this.#clock
    this.#steps.prefilled(lane, slot, first)
    if (first) {
      table.firstToken[slot] = now
      this.#gateway?.begun(slot)
    }
    table.lastToken[slot] = now
    table.generated[slot] = table.generated[slot]! + 1
    if (table.generated[slot] === table.output[slot]) {
      table.kvAtJoin[slot] = done
      this.#finish(lane, slot)
      return true
    }
    if (lane.view.role !== 'prefill') lane.join(slot, done)
    else if (this.#handOver(lane, slot)) return true
    return freed
  }

  /** A request has its last token: its blocks are free. */
  #finish(lane: Lane, slot: Slot): void {
    lane.running.remove(slot)
    lane.adapters?.release(slot)
    lane.free(slot, this.#table.kvAtJoin[slot]!, true)
    this.#replicas[lane.id]!.outstanding--
    this.#ledger.complete(lane, slot)
  }

  /**
   * Prefill pool: a prompt is done; its KV cache must go to a decode replica.
   *
   * @returns whether another batch of the replica may have waited for its LoRA adapter's slot
   */
  #handOver(lane: Lane, slot: Slot): boolean {
    const { now } = this.#clock
    lane.running.remove(slot)
    lane.adapters?.release(slot)
    lane.tellLeft(slot, this.#table.generated[slot]!)
    this.#handover!.begin(slot, now, now - lane.segment.start)
    return lane.adapters !== undefined
  }
}
