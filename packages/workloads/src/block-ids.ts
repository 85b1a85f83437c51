import { type PromptBlocks } from '@llmsim/contracts'
import { fingerprint } from './session-numbers.js'
import { type TraceRow } from './trace-row.js'

/** The blocks of a trace's prompts as numbers, in one buffer that is filled again for each. */
export class BlockIds {
  private ids = new Float64Array(64)
  private readonly blocks: PromptBlocks = { ids: this.ids, count: 0, blockTokens: 1 }

  /** What a row's prompt begins with; undefined where the trace does not say. */
  of({ blocks, blockTokens = 0 }: TraceRow): PromptBlocks | undefined {
    if (blocks === undefined || blocks.length === 0 || blockTokens === 0) return undefined
    const count = blocks.length
    if (count > this.ids.length) {
      this.ids = new Float64Array(2 * count)
      this.blocks.ids = this.ids
    }
    for (let i = 0; i < count; i++) {
      const id = blocks[i]
      this.ids[i] = Number.isSafeInteger(id) ? (id as number) : fingerprint(String(id))
    }
    this.blocks.count = count
    this.blocks.blockTokens = blockTokens
    return this.blocks
  }
}
