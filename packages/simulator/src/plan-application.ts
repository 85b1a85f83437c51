import type { Slot, StepWork } from '@llmsim/contracts'
import { NO_SLOT, SimulatorError } from '@llmsim/contracts'
import { clearImages } from './image-column.js'
import type { Lane } from './lane.js'
import type { LaneAdapters } from './lane-adapters.js'
import { RECOMPUTE, type PlanBuffer } from './plan-buffer.js'
import type { PrefixCache } from './prefix-cache.js'
import { DECODING, PAUSED, PREFILLING, WAITING } from './request-table.js'

/**
 * Checks a plan and applies it to its lane: preemptions, admissions, chunks, decoders, KV blocks.
 *
 * Fills `work` with what the step has to do.
 *
 * Errors: `CONTRACT`, naming the scheduler, for a plan that overcommits or names the wrong request.
 */
export function applyPlan(lane: Lane, plan: PlanBuffer, work: StepWork): void {
  for (let i = 0; i < plan.preempts.size; i++)
    preempt(lane, plan.preempts.slots[i]!, plan.preempts.amounts[i]!)
  if (lane.cache !== undefined) takePrefixes(lane, plan, lane.cache)
  for (let i = 0; i < plan.admits.size; i++) admit(lane, plan.admits.slots[i]!)
  work.prefillTokens = 0
  work.prefillAttention = 0
  work.logits = 0
  lane.chunks.size = 0
  if (lane.windows !== undefined) for (const window of lane.windows) window.work.pairs = 0
  if (lane.images !== undefined) clearImages(work, lane.images)
  for (let i = 0; i < plan.prefills.size; i++)
    prefill(lane, plan.prefills.slots[i]!, plan.prefills.amounts[i]!, work)
  lane.chunkTokens = work.prefillTokens
  const subset = plan.decodes.size > 0 && !plan.decodesAll
  if (lane.paused > 0 && (subset || plan.decodesAll)) resumePaused(lane)
  if (subset) pauseOthers(lane, plan)
  lane.decodes = (plan.decodesAll || subset) && lane.decoders.size > 0
  if (lane.decodes) {
    work.decodes = lane.decoders.size
    work.decodeContext = lane.kvTokens + lane.decoders.size
    work.logits += lane.decoders.size
    lane.kv.allocate(lane.firstStepBlocks)
  } else {
    work.decodes = 0
    work.decodeContext = 0
  }
  if (lane.windows !== undefined) for (const window of lane.windows) window.fill(lane.decodes)
  work.windows = lane.windowWork
  if (lane.adapters !== undefined) lane.adapters.fill(work, lane.chunks, lane.decodes)
  const { used, total } = lane.kv
  if (used > total) broken(lane, `its plan needs ${used} KV blocks of ${total}`)
}

/** Throws the error of a scheduler that broke its contract. */
export function broken(lane: Lane, message: string, given?: unknown): never {
  throw new SimulatorError({
    code: 'CONTRACT',
    path: `scheduler ${lane.scheduler.name}`,
    message: `${message}, at ${lane.now} s on replica ${lane.replica}`,
    given,
  })
}

function preempt(lane: Lane, slot: Slot, mode: number): void {
  const { table } = lane
  const stage = own(lane, slot) ? table.stage[slot] : WAITING
  if (stage === DECODING) lane.leave(slot)
  else if (stage === PAUSED) lane.paused--
  else if (stage !== PREFILLING) broken(lane, 'preempted a request that does not run', slot)
  lane.free(slot, stage === PREFILLING ? table.prefillDone[slot]! : table.kvAtJoin[slot]!, false)
  if (stage === PREFILLING || mode === RECOMPUTE || !swapOut(lane, slot)) {
    table.prefillTarget[slot] = table.prompt[slot]! + table.generated[slot]!
    table.prefillDone[slot] = 0
  }
  table.blocks[slot] = 0
  table.stage[slot] = WAITING
  table.queued[slot] = lane.now
  table.preemptions[slot] = table.preemptions[slot]! + 1
  lane.preemptions++
  table.evicted[slot] = 1
  lane.evicted++
  lane.running.remove(slot)
  lane.waiting.pushFront(slot)
  if (lane.adapters !== undefined) {
    lane.adapters.release(slot)
    lane.adapters.queue(slot, 1)
  }
}

/** Moves a complete KV cache to host memory; false where there is no room, or nothing to move. */
function swapOut(lane: Lane, slot: Slot): boolean {
  const { table, swap } = lane
  if (swap === undefined) return false
  const blocks = table.blocks[slot]!
  // All of its layers have just filled a chunk.
  if (blocks === 0) return false
  const seconds = swap.takeOut(blocks)
  if (Number.isNaN(seconds)) return false
  lane.swapSeconds += seconds
  lane.swapped++
  table.hostBlocks[slot] = blocks
  table.prefillTarget[slot] = table.kvAtJoin[slot]!
  table.prefillDone[slot] = table.kvAtJoin[slot]!
  return true
}

/** Moves a KV cache back from host memory. */
function swapIn(lane: Lane, slot: Slot): void {
  const { table, kv } = lane
  const blocks = table.hostBlocks[slot]!
  lane.swapSeconds += lane.swap!.bringBack(blocks)
  lane.swapped--
  table.hostBlocks[slot] = 0
  kv.allocate(blocks)
  table.blocks[slot] = blocks
  table.evicted[slot] = 0
  lane.evicted--
}

/** Brings a request's LoRA adapter to the devices, if it is not there, which makes the step longer. */
function loadAdapter(lane: Lane, slot: Slot, adapters: LaneAdapters): void {
  lane.swapSeconds += adapters.admit(slot)
}

function admit(lane: Lane, slot: Slot): void {
  const { table } = lane
  const kvTokens = table.prefillDone[slot]
  if (!own(lane, slot) || table.stage[slot] !== WAITING || kvTokens !== table.prefillTarget[slot])
    broken(lane, 'admitted a request that has prompt left or does not wait', slot)
  if (table.hostBlocks[slot]! > 0) swapIn(lane, slot)
  if (lane.adapters !== undefined) loadAdapter(lane, slot, lane.adapters)
  lane.waiting.remove(slot)
  lane.running.pushBack(slot)
  lane.join(slot, kvTokens!)
}

/**
 * Gives those that the plan admits what the prefix cache has of their tokens, before anything else is
 * allocated: what their scheduler saw is still there. They compute at least what the plan says; if the
 * scheduler was shown nothing of the cache, what they find is taken off the plan.
 */
function takePrefixes(lane: Lane, { prefills }: PlanBuffer, cache: PrefixCache): void {
  const { table, kv } = lane
  cache.settle(kv.used)
  for (let i = 0; i < prefills.size; i++) {
    const slot = prefills.slots[i]!
    const tokens = prefills.amounts[i]!
    if (!own(lane, slot) || table.stage[slot] !== WAITING) continue
    const target = table.prefillTarget[slot]!
    if (table.prefillDone[slot] !== 0 || !(tokens >= 1 && tokens <= target)) continue
    const computed = lane.scheduler.seesPrefixes === true ? tokens : 1
    const blocks = cache.acquire(slot, Math.floor((target - computed) / kv.size))
    table.blocks[slot] = cache.unitsOf(slot)
    table.prefillDone[slot] = blocks * kv.size
    prefills.amounts[i] = Math.min(tokens, target - blocks * kv.size)
    if (Number.isNaN(table.started[slot]!))
      cache.countHit(slot, table.prompt[slot]!, blocks * kv.size)
    else cache.countFoundLater(slot, blocks * kv.size)
  }
}

function prefill(lane: Lane, slot: Slot, tokens: number, work: StepWork): void {
  const { table, kv } = lane
  const stage = own(lane, slot) ? table.stage[slot] : PAUSED
  const done = table.prefillDone[slot]!
  const target = table.prefillTarget[slot]!
  if ((stage !== WAITING && stage !== PREFILLING) || !(tokens >= 1 && tokens <= target - done))
    broken(lane, `prefills ${tokens} tokens of a request that has not as many left`, slot)
  for (let i = 0; i < lane.chunks.size && stage === PREFILLING; i++)
    if (lane.chunks.slots[i] === slot) broken(lane, 'prefills a request twice in a step', slot)
  if (stage === WAITING) {
    if (lane.adapters !== undefined) loadAdapter(lane, slot, lane.adapters)
    lane.waiting.remove(slot)
    lane.running.pushBack(slot)
    table.stage[slot] = PREFILLING
    if (table.evicted[slot] === 1) {
      table.evicted[slot] = 0
      lane.evicted--
    }
    if (Number.isNaN(table.started[slot]!)) table.started[slot] = lane.now
    const blocks = lane.blocksToPrefill(slot, target)
    kv.allocate(blocks - table.blocks[slot]!)
    table.blocks[slot] = blocks
  }
  lane.chunks.push(slot, tokens)
  work.prefillTokens += tokens
  work.prefillAttention += tokens * (done + (tokens + 1) / 2)
  if (lane.windows !== undefined) for (const window of lane.windows) window.addChunk(tokens, done)
  if (lane.images !== undefined)
    table.images?.add(lane.images, slot, done, tokens, stage === WAITING)
  if (done + tokens === target) work.logits++
}

function resumePaused(lane: Lane): void {
  const { table } = lane
  for (let slot = lane.running.head; slot !== NO_SLOT; slot = table.next[slot]!)
    if (table.stage[slot] === PAUSED) lane.join(slot, table.kvAtJoin[slot]!)
  lane.paused = 0
}

/** Takes the decoders that the plan does not name out of the batch, where they stand still. */
function pauseOthers(lane: Lane, plan: PlanBuffer): void {
  const { table } = lane
  const named = plan.decodes
  for (let slot = lane.running.head; slot !== NO_SLOT; slot = table.next[slot]!) {
    if (table.stage[slot] !== DECODING || named.slots.subarray(0, named.size).includes(slot))
      continue
    lane.leave(slot)
    table.stage[slot] = PAUSED
    lane.paused++
  }
  if (lane.decoders.size !== named.size)
    broken(lane, 'decodes a request twice, or one that has no complete prompt')
}

function own(lane: Lane, slot: Slot): boolean {
  return slot >= 0 && slot < lane.table.capacity && lane.table.lane[slot] === lane.id
}
