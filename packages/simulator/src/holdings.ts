import { NO_SLOT } from '@llmsim/contracts'
import type { Replica } from './replica.js'
import { LEAVING, type RequestTable } from './request-table.js'

/** KV blocks that the requests of a replica hold, one by one: what the replica's own count must equal. */
export function heldBlocks(replica: Replica, table: RequestTable): number {
  let blocks = 0
  for (const lane of replica.lanes) {
    for (let slot = lane.running.head; slot !== NO_SLOT; slot = table.next[slot]!)
      blocks += lane.heldBlocks(slot)
    for (let slot = lane.waiting.head; slot !== NO_SLOT; slot = table.next[slot]!)
      blocks += table.blocks[slot]!
    // A step that runs has got the blocks of its tokens before it makes them.
    if (lane.segment.active && lane.decodes) blocks += lane.firstStepBlocks
  }
  for (let slot = 0; slot < table.capacity; slot++)
    if (table.stage[slot] === LEAVING && replica.lanes.some(({ id }) => id === table.lane[slot]))
      blocks += table.blocks[slot]!
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
