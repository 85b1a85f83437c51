import type { SchedulerFactory } from '@llmsim/contracts'
import { exclusivePhases } from './exclusive-phases.js'

/** Iteration-level scheduling: Orca (OSDI '22), with the paged admission and the prefill-first order of vLLM v0. */
export const greedy: SchedulerFactory = {
  name: 'greedy',
  description: 'Takes in waiting requests at every step, as many as memory and the limits allow.',
  options: [],
  create: (options) =>
    exclusivePhases('greedy', options, { batching: 'continuous', windowed: false }),
}
