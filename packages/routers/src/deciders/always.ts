import type { DeciderFactory } from '@llmsim/contracts'

/** A prefill pool computes every prompt; the decode replica is chosen on arrival all the same. */
export const always: DeciderFactory = {
  name: 'always',
  description: 'A prefill pool computes every prompt.',
  options: [],
  create: () => ({ name: 'always', decide: () => 'prefill' }),
}
