import type { PoolView } from '@llmsim/contracts'

/** What a router may compare the loads of replicas by. */
export const loadSignals = ['outstanding', 'queued', 'kv'] as const
export type LoadSignal = (typeof loadSignals)[number]

/** A replica's load by a signal: requests, or the share of its KV blocks in use. */
export function loadOf(pool: PoolView, replica: number, signal: LoadSignal): number {
  if (signal === 'outstanding') return pool.outstanding(replica)
  if (signal === 'queued') return pool.queued(replica)
  return pool.usedBlocks(replica) / pool.totalBlocks(replica)
}
