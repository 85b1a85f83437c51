import type { RouterFactory } from '@llmsim/contracts'
import { leastOutstanding } from './least-outstanding.js'
import { random } from './random.js'
import { roundRobin } from './round-robin.js'

export { leastOutstanding, random, roundRobin }

/** Every router of this package. */
export const routers: readonly RouterFactory[] = [roundRobin, leastOutstanding, random]
