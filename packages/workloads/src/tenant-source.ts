import type { RequestSource } from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { changedSource } from './changed-source.js'
import { weightedPick } from './histogram-lengths.js'

/**
 * The same requests, each sent by one of several tenants, drawn by weight from the stream `tenants` of the
 * seed. Requests that say themselves who sent them keep that.
 *
 * @param weights of the tenants, by their number.
 * @throws SimulatorError INVALID_VALUE for a negative weight, or when all are 0.
 */
export function tenantSource(
  source: RequestSource,
  weights: readonly number[],
  seed: number,
): RequestSource {
  const pick = weightedPick(weights, randomStream(seed, 'tenants'), 'tenants')
  return changedSource(source, (into) => {
    const tenant = pick()
    if ((into.tenantId ?? -1) < 0) into.tenantId = tenant
  })
}
