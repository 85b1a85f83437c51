import type { AdmissionFactory } from '@llmsim/contracts'

/** Everybody. */
export const always: AdmissionFactory = {
  name: 'always',
  description: 'Lets every request in.',
  options: [],
  create: () => ({ name: 'always', admit: () => true }),
}
