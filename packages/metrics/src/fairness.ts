import type { FairnessFigures } from '@llmsim/contracts'
import { figure } from './latency-summary.js'

/**
 * Jain's fairness index: `(sum x)^2 / (n * sum x^2)`, from 1/n, where one has all, to 1, where all have
 * the same (R. Jain, D. Chiu, W. Hawe, DEC-TR-301, 1984). NaN of nobody, 1 where all have nothing.
 */
export function jainIndex(values: Iterable<number>): number {
  let count = 0
  let sum = 0
  let squares = 0
  for (const value of values) {
    count++
    sum += value
    squares += value * value
  }
  if (count === 0) return NaN
  return squares === 0 ? 1 : Math.min(1, (sum * sum) / (count * squares))
}

/** What each tenant got: three numbers of each, however many there are. */
export class TenantService {
  #size = 0
  #tokens: Float64Array = new Float64Array(64)
  #latency: Float64Array = new Float64Array(64)
  #requests: Float64Array = new Float64Array(64)

  /** Notes that a tenant sent something. */
  meet(tenant: number): void {
    if (tenant >= this.#tokens.length) this.#grow(tenant)
    if (tenant >= this.#size) this.#size = tenant + 1
  }

  /** A request of a tenant, which came in the measured window, is complete. */
  served(tenant: number, promptTokens: number, outputTokens: number, e2eSeconds: number): void {
    this.meet(tenant)
    this.#tokens[tenant] = this.#tokens[tenant]! + promptTokens + outputTokens
    this.#latency[tenant] = this.#latency[tenant]! + e2eSeconds / outputTokens
    this.#requests[tenant] = this.#requests[tenant]! + 1
  }

  figures(): FairnessFigures {
    const latencies: number[] = []
    for (let tenant = 0; tenant < this.#size; tenant++)
      if (this.#requests[tenant]! > 0)
        latencies.push(this.#latency[tenant]! / this.#requests[tenant]!)
    return {
      tenants: this.#size,
      service_jain_index: figure(jainIndex(this.#tokens.subarray(0, this.#size))),
      normalized_latency_jain_index: figure(jainIndex(latencies)),
    }
  }

  #grow(tenant: number): void {
    const capacity = Math.max(tenant + 1, this.#tokens.length * 2)
    const wider = (column: Float64Array): Float64Array => {
      const wide = new Float64Array(capacity)
      wide.set(column)
      return wide
    }
    this.#tokens = wider(this.#tokens)
    this.#latency = wider(this.#latency)
    this.#requests = wider(this.#requests)
  }
}
