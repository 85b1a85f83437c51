import type { ReplicaView } from '@llmsim/contracts'

/**
 * Tokens' worth of KV blocks by which the cache of a request grows that has `now` tokens and makes `more`: as many,
 * or what its layers take of it where some keep a window only.
 */
export function cacheGrowth(view: ReplicaView, now: number, more: number): number {
  if (view.blocksToHold === undefined) return more
  const blocks = view.blocksToHold(now + more) - view.blocksToHold(now)
  return Math.max(0, blocks) * view.blockSize
}
