import type { PoolView } from '@llmsim/contracts'

/** The number that stays with a replica while others come and go. */
export function replicaId(pool: PoolView, replica: number): number {
  return pool.id === undefined ? replica : pool.id(replica)
}

/** The replica that has such a number; -1 when it is not there now. */
export function replicaOfId(pool: PoolView, id: number): number {
  if (id < pool.replicas && replicaId(pool, id) === id) return id
  for (let replica = 0; replica < pool.replicas; replica++)
    if (replicaId(pool, replica) === id) return replica
  return -1
}
