import type { RequestDraft } from '@llmsim/contracts'
import type { Pool } from './pool.js'

/** Whether a request fits an empty replica of each pool: its last token's KV included. */
export function fitsWhenEmpty(
  { promptTokens, outputTokens }: RequestDraft,
  entry: Pool,
  decode: Pool | undefined,
): boolean {
  const whole = promptTokens + outputTokens - 1
  const { blockSize, kvBlocks } = entry.spec.memory
  if (decode === undefined) return whole <= blockSize * kvBlocks
  const { memory } = decode.spec
  return (
    promptTokens <= blockSize * kvBlocks &&
    // One block stays free beside a transferred cache, so that the first to decode can grow.
    whole <= memory.blockSize * (memory.kvBlocks - 1)
  )
}
