import type { SchedulerFactory } from '@llmsim/contracts'
import { exclusivePhases } from './exclusive-phases.js'

/** Request-level batching of FasterTransformer. A finished request returns at once; its place stays empty. */
export const staticBatching: SchedulerFactory = {
  name: 'static',
  description: 'Runs each batch to its end before the next one forms.',
  create: (options) => exclusivePhases('static', options, { batching: 'static', windowed: false }),
}
