import type { RouterFactory } from '@llmsim/contracts'
import { consistentHash } from './consistent-hash.js'
import { leastKv } from './least-kv.js'
import { leastOutstanding } from './least-outstanding.js'
import { loraAffinity } from './lora-affinity.js'
import { powerOfTwo } from './power-of-two.js'
import { prefixAffinity } from './prefix-affinity.js'
import { random } from './random.js'
import { roundRobin } from './round-robin.js'
import { sessionSticky } from './session-sticky.js'
import { weighted } from './weighted.js'

export {
  consistentHash,
  leastKv,
  leastOutstanding,
  loraAffinity,
  powerOfTwo,
  prefixAffinity,
  random,
  roundRobin,
  sessionSticky,
  weighted,
}

export * from './admission/index.js'
export * from './deciders/index.js'

/** Every router of this package. */
export const routers: readonly RouterFactory[] = [
  roundRobin,
  leastOutstanding,
  leastKv,
  random,
  powerOfTwo,
  sessionSticky,
  consistentHash,
  prefixAffinity,
  loraAffinity,
  weighted,
]
