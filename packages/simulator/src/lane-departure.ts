import type { Slot } from '@llmsim/contracts'
import type { Lane } from './lane.js'
import { DECODING, PAUSED, PREFILLING, WAITING } from './request-table.js'

/**
 * Takes a request out of its lane's queue or batch, and what it has in host memory; its columns then hold its
 * tokens and blocks.
 *
 * @returns tokens in the KV cache that it holds here
 */
export function leaveLane(lane: Lane, slot: Slot): number {
  const { table } = lane
  const stage = table.stage[slot]
  if (stage !== WAITING) {
    if (stage === DECODING) lane.leave(slot)
    else if (stage === PAUSED) lane.paused--
    lane.running.remove(slot)
    lane.adapters?.release(slot)
    return stage === PREFILLING ? table.prefillDone[slot]! : table.kvAtJoin[slot]!
  }
  lane.waiting.remove(slot)
  lane.adapters?.queue(slot, -1)
  if (table.evicted[slot] === 1) lane.evicted--
  table.evicted[slot] = 0
  const hostBlocks = table.hostBlocks[slot]!
  if (hostBlocks > 0) {
    lane.swap!.drop(hostBlocks)
    lane.swapped--
    table.hostBlocks[slot] = 0
  }
  return table.blocks[slot]! > 0 ? table.prefillDone[slot]! : 0
}
