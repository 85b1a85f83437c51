import type { PoolSpec } from '@llmsim/contracts'
import type { Replica } from './replica.js'

/** All attention ranks of one copy of the model: they come and go together. */
export type Copy = readonly Replica[]

/** A pool whose replicas come and go. */
export interface ScaledPool {
  readonly spec: PoolSpec
  readonly replicas: readonly Replica[]
  readonly copies: readonly Copy[]
  /** Takes note of which replicas can take requests. */
  refresh(): void
}
