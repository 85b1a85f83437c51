import type { AdmissionFactory } from '@llmsim/contracts'
import { number } from './admission-options.js'

/** Refuses a request while `max_queued` (100) wait in the queues of the replicas. */
export const queueLimit: AdmissionFactory = {
  name: 'queue-limit',
  description: 'Refuses requests while so many wait.',
  options: ['max_queued'],
  create(options) {
    const most = number(options, 'max_queued', 100, 'requests that wait at most')
    return {
      name: 'queue-limit',
      admit: (_request, { queued }) => (queued < most ? true : 'queue full'),
    }
  },
}
