import type { ReplicaView } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'

/**
 * For how many steps, at least one, all that decode find a free KV block when their turn comes, needed or not: as
 * long as one is left after what all of them have needed until then.
 */
export function stepsWithSpareBlock(view: ReplicaView): number {
  if (view.decoding === 0) return Infinity
  // Where some layers keep a window only, each group of layers may need one.
  const most = view.blocksToHold === undefined ? 1 : view.blocksFor(1)
  const spare = view.freeBlocks - 1
  const whole = Math.floor(spare / (view.decoding * most))
  if (whole >= 1) return whole * view.blockSize
  const needs = new Int32Array(view.blockSize)
  for (let slot = view.firstRunning(); slot !== NO_SLOT; slot = view.nextRunning(slot)) {
    if (view.prefillRemaining(slot) > 0) continue
    const full = view.kvTokens(slot) % view.blockSize
    // The step from now at which its last block is full.
    const step = full === 0 ? 0 : view.blockSize - full
    needs[step]! += most
  }
  let left = spare
  let steps = 0
  while (steps < needs.length && needs[steps]! <= left) left -= needs[steps++]!
  return Math.max(1, steps)
}
