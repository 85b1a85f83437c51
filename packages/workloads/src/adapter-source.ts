import { SimulatorError, type RequestSource } from '@llmsim/contracts'
import { portableExp, portableLog, randomStream, type RandomStream } from '@llmsim/engine'
import { changedSource } from './changed-source.js'

/** Adapters that may be told apart. */
const MOST = 1_000_000

export interface AdapterPopularity {
  /** Different adapters. */
  readonly number: number
  /** The share of the k-th is in proportion to `k^-exponent`; 0 when absent: all have the same. */
  readonly exponent?: number | undefined
  /** Share of the sessions, or requests without one, that have an adapter; 1 when absent. */
  readonly share?: number | undefined
  readonly seed: number
}

/**
 * The same requests, each with a LoRA adapter of a Zipf distribution. All requests of a session have the same one,
 * which the session's number and the seed decide; others draw from the stream `adapters` of the seed. Requests that
 * say themselves which they have keep it.
 *
 * @throws SimulatorError INVALID_VALUE for a figure out of range, below `workload.adapters`.
 */
export function adapterSource(source: RequestSource, popularity: AdapterPopularity): RequestSource {
  const { number, exponent = 0, share = 1, seed } = popularity
  if (!(number >= 1 && number <= MOST && Number.isInteger(number)))
    refuse('number', number, `a whole number from 1 to ${MOST}`)
  if (!(exponent >= 0 && exponent <= 10)) refuse('zipf_exponent', exponent, 'from 0 to 10')
  if (!(share >= 0 && share <= 1)) refuse('share', share, 'from 0 to 1')
  const sums = new Float64Array(number)
  let sum = 0
  for (let k = 1; k <= number; k++) {
    sum += portableExp(-exponent * portableLog(k))
    sums[k - 1] = sum
  }
  /** The adapter at a place in [0, 1) among the shares of all. */
  const at = (place: number): number => {
    const target = place * sum
    let low = 0
    let high = number - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sums[middle]! > target) high = middle
      else low = middle + 1
    }
    return low
  }
  const draw = (stream: RandomStream): number => {
    const has = stream.next()
    const place = stream.next()
    return has < share ? at(place) : -1
  }
  const stream = randomStream(seed, 'adapters')
  return changedSource(source, (into) => {
    if ((into.adapterId ?? -1) >= 0) return
    const { sessionId } = into
    into.adapterId =
      sessionId < 0 ? draw(stream) : draw(randomStream(seed, `adapters-${sessionId}`))
  })
}

function refuse(field: string, given: number, accepted: string): never {
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: `workload.adapters.${field}`,
    message: 'is out of range',
    given,
    accepted,
  })
}
