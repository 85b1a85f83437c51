import type { AdmissionFactory, AdmissionRequest } from '@llmsim/contracts'
import { flag, number, word } from './admission-options.js'

const units = ['requests', 'tokens'] as const

/**
 * A bucket that fills at `rate` a second up to `burst`, and from which each request takes its part: one, or
 * with `unit: tokens` its prompt tokens and those that its client allows it to generate, where it states a
 * limit. A request for which too little is left is refused, and takes nothing. Options:
 *
 * - `rate` (required), `burst` (`rate`: a second's worth), `unit` (`requests`).
 * - `per_tenant` (false): a bucket for each tenant.
 *
 * Turner, "New directions in communications (or which way to the information age?)", IEEE Communications
 * Magazine 24 (1986); the rate limits of API gateways. One request larger than the whole bucket passes
 * when the bucket is full, and leaves it in debt.
 */
export const tokenBucket: AdmissionFactory = {
  name: 'token-bucket',
  description: 'Lets in so many requests or tokens a second, and bursts up to a limit.',
  options: ['rate', 'burst', 'unit', 'per_tenant'],
  create(options) {
    const rate = number(options, 'rate', undefined, 'filled in a second')
    const burst = number(options, 'burst', rate, 'in a full bucket')
    const unit = word(options, 'unit', units, 'requests')
    const perTenant = flag(options, 'per_tenant', false)
    const buckets = new Map<number, Bucket>()
    return {
      name: 'token-bucket',
      admit(request, { nowSeconds }) {
        const tenant = perTenant ? request.tenantId : -1
        let bucket = buckets.get(tenant)
        if (bucket === undefined) {
          bucket = { level: burst, seconds: nowSeconds }
          buckets.set(tenant, bucket)
        }
        bucket.level = Math.min(burst, bucket.level + (nowSeconds - bucket.seconds) * rate)
        bucket.seconds = nowSeconds
        const part = unit === 'requests' ? 1 : tokensOf(request)
        if (bucket.level < Math.min(part, burst)) return 'rate limit'
        bucket.level -= part
        return true
      },
    }
  },
}

interface Bucket {
  level: number
  seconds: number
}

function tokensOf({ promptTokens, maxOutputTokens }: AdmissionRequest): number {
  return promptTokens + (maxOutputTokens === Infinity ? 0 : maxOutputTokens)
}
