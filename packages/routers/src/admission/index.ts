import type { AdmissionFactory } from '@llmsim/contracts'
import { always } from './always.js'
import { queueLimit } from './queue-limit.js'
import { shed } from './shed.js'
import { tokenBucket } from './token-bucket.js'

export { always, queueLimit, shed, tokenBucket }

/** Every admission policy of this package: who may enter at all, before a router is asked. */
export const admissionPolicies: readonly AdmissionFactory[] = [
  always,
  tokenBucket,
  queueLimit,
  shed,
]
