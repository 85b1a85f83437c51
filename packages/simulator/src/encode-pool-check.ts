import type { EncodePoolSpec } from '@llmsim/contracts'
import { positive, refuse, whole } from './specification-refusal.js'

/** Refuses a pool that encodes images and cannot be. Errors: `INVALID_VALUE` and `CONFLICT` with the field. */
export function checkEncodePool(pool: EncodePoolSpec, images: boolean): void {
  if (!images) refuse('encodePool', 'a pool', 'none where requests have no images', 'CONFLICT')
  whole('encodePool.replicas', pool.replicas)
  whole('encodePool.devicesPerReplica', pool.devicesPerReplica)
  positive('encodePool.bytesPerToken', pool.bytesPerToken)
  positive('encodePool.bandwidthBytesPerSecond', pool.bandwidthBytesPerSecond)
  if (!(pool.latencySeconds >= 0 && pool.latencySeconds < Infinity))
    refuse('encodePool.latencySeconds', pool.latencySeconds, 'seconds from 0 on')
}
