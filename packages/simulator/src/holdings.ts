import type { Slot } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'
import type { Replica } from './replica.js'
import { LEAVING, type RequestTable } from './request-table.js'

/** KV blocks that the requests of a replica hold, one by one: what the replica's own count must equal. */
export function heldBlocks(replica: Replica, table: RequestTable): number {
  let blocks = 0
  const counted = new Set<number>()
  /** Blocks that several requests share count once. */
  const add = (slot: Slot, held: number): void => {
    blocks += held - (replica.cache?.countedBlocks(slot, counted) ?? 0)
  }
  for (const lane of replica.lanes) {
    for (let slot = lane.running.head; slot !== NO_SLOT; slot = table.next[slot]!)
      add(slot, lane.heldBlocks(slot))
    for (let slot = lane.waiting.head; slot !== NO_SLOT; slot = table.next[slot]!)
      add(slot, table.blocks[slot]!)
    // A step that runs has got the blocks of its tokens before it makes them.
    if (lane.segment.active && lane.decodes) blocks += lane.firstStepBlocks
  }
  for (let slot = 0; slot < table.capacity; slot++)
    if (table.stage[slot] === LEAVING && replica.lanes.some(({ id }) => id === table.lane[slot]))
      add(slot, table.blocks[slot]!)
  return blocks
}

/** KV blocks in host memory that the waiting requests of a replica hold. */
export function hostBlocks(replica: Replica, table: RequestTable): number {
  let blocks = 0
  for (const lane of replica.lanes)
    for (let slot = lane.waiting.head; slot !== NO_SLOT; slot = table.next[slot]!)
      blocks += table.hostBlocks[slot]!
  return blocks
}
