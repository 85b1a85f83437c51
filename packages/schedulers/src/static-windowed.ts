import type { SchedulerFactory } from '@llmsim/contracts'
import { exclusivePhases } from './exclusive-phases.js'

/** Triton's dynamic batcher in front of request-level batching. */
export const staticWindowed: SchedulerFactory = {
  name: 'static-windowed',
  description:
    'Runs each batch to its end; the next one forms once it has filled or its window has passed.',
  options: [],
  create: (options) =>
    exclusivePhases('static-windowed', options, { batching: 'static', windowed: true }),
}
