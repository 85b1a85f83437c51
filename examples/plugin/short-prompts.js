/**
 * The decode replica computes short prompts itself: sending their KV cache costs more than it saves.
 *
 * @type {import('@llmsim/contracts').DeciderFactory}
 */
export const shortPrompts = {
  name: 'short-prompts',
  description: 'The decode replica computes prompts of up to so many tokens.',
  options: ['tokens'],
  create({ extra }) {
    const { tokens = 256 } = extra
    if (typeof tokens !== 'number') throw new TypeError('decider.options.tokens is not a number')
    return {
      name: 'short-prompts',
      decide: ({ promptTokens }, { cachedTokens, prefillReplicas }) =>
        promptTokens - cachedTokens > tokens && prefillReplicas > 0 ? 'prefill' : 'decode',
    }
  },
}
