import { describe, expect, it } from 'vitest'
import { KvBlocks } from './kv-blocks.js'

describe('KvBlocks', () => {
  it('counts blocks in use, free ones and the most that were in use', () => {
    const kv = new KvBlocks(16, 10)
    expect(kv).toMatchObject({ size: 16, total: 10, used: 0, free: 10, peak: 0 })
    kv.allocate(7)
    kv.allocate(-5)
    kv.allocate(1)
    expect(kv).toMatchObject({ used: 3, free: 7, peak: 7 })
    kv.notePeak(6)
    expect(kv.peak).toBe(7)
    kv.notePeak(9)
    expect(kv).toMatchObject({ peak: 9, used: 3 })
  })

  it.each([
    [0, 0],
    [1, 1],
    [15, 1],
    [16, 1],
    [17, 2],
    [2 ** 31, 2 ** 27],
  ])('takes for %d tokens %d blocks', (tokens, blocks) => {
    expect(new KvBlocks(16, 10).blocksFor(tokens)).toBe(blocks)
    expect(new KvBlocks(1, 10).blocksFor(tokens)).toBe(tokens)
  })
})
