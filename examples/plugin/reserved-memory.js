/**
 * Keeps the last part of the KV cache for requests of a priority above 0.
 *
 * @type {import('@llmsim/contracts').AdmissionFactory}
 */
export const reservedMemory = {
  name: 'reserved-memory',
  description: 'Refuses all but those of a priority above 0 while little memory is left.',
  options: ['share'],
  create({ extra }) {
    const { share = 0.1 } = extra
    if (typeof share !== 'number') throw new TypeError('admission.options.share is not a number')
    return {
      name: 'reserved-memory',
      admit: ({ priority }, { usedBlocks, totalBlocks }) =>
        priority > 0 || usedBlocks <= (1 - share) * totalBlocks || 'memory reserved',
    }
  },
}
