import type { PoolView } from '@llmsim/contracts'
import { replicaId } from './replica-id.js'

/**
 * The replica with the highest hash of key and replica, of those that `accepts`; -1 when it accepts
 * none. When a replica goes, only its own keys move, each to the replica that was second for it.
 *
 * Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM ToN 6 (1998).
 */
export function rendezvous(
  pool: PoolView,
  key: number,
  accepts: (replica: number) => boolean,
): number {
  let chosen = -1
  let highest = -1
  for (let replica = 0; replica < pool.replicas; replica++) {
    const weight = mixed(key, replicaId(pool, replica))
    if (weight <= highest || !accepts(replica)) continue
    highest = weight
    chosen = replica
  }
  return chosen
}

/** 32 bits of two numbers: the finalizer of MurmurHash3 (Appleby, public domain) over both. */
function mixed(key: number, id: number): number {
  let state = Math.imul(
    (key | 0) ^ Math.imul(Math.floor(key / 4294967296) | 0, 0x9e3779b1),
    0xcc9e2d51,
  )
  state = Math.imul(state ^ (state >>> 15) ^ Math.imul(id + 1, 0x85ebca6b), 0x1b873593)
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return (state ^ (state >>> 16)) >>> 0
}
