/** One input of a figure, and the figure at both ends of what the input may be. */
export interface Sensitivity<Input> {
  readonly input: Input
  /** The figure with the input at its low and at its high end; null: it has none there. */
  readonly low: number | null
  readonly high: number | null
  /** From the smallest to the largest figure, that of the base included. */
  readonly swing: number
}

/**
 * How much a figure depends on each of its inputs, one at a time: the widest swing first, as a tornado
 * chart shows them. Ends without a figure count as the base.
 *
 * @param base the figure with every input as it is.
 * @param evaluate the figures at the low and at the high end of an input.
 */
export async function sensitivities<Input>(
  base: number,
  inputs: readonly Input[],
  evaluate: (input: Input) => Promise<readonly [low: number | null, high: number | null]>,
): Promise<Sensitivity<Input>[]> {
  const found = await Promise.all(
    inputs.map(async (input, index) => {
      const [low, high] = await evaluate(input)
      const figures = [base, low ?? base, high ?? base]
      const swing = Math.max(...figures) - Math.min(...figures)
      return { input, low, high, swing, index }
    }),
  )
  return found
    .sort((a, b) => b.swing - a.swing || a.index - b.index)
    .map(({ input, low, high, swing }) => ({ input, low, high, swing }))
}
