import type { RequestDraft, RequestSource } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { withSharedPrefixes } from './prompt-prefixes.js'
import { syntheticSource } from './synthetic-source.js'
import { traceReader } from './trace-reader.js'
import { rowSource } from './trace-source.js'

function drafts(source: RequestSource, count: number): RequestDraft[] {
  const taken: RequestDraft[] = []
  for (let i = 0; i < count; i++) {
    const draft: RequestDraft = {
      arrivalSeconds: 0,
      promptTokens: 0,
      outputTokens: 0,
      sessionId: -1,
      priority: 0,
    }
    if (!source.next(draft)) break
    const { promptBlocks: blocks } = draft
    taken.push({
      ...draft,
      promptBlocks: blocks && {
        ...blocks,
        ids: Array.from({ length: blocks.count }, (_, at) => blocks.ids[at]!),
      },
    })
  }
  return taken
}

const drawn = (): RequestSource =>
  syntheticSource({
    arrivals: { process: 'poisson', ratePerSecond: 1 },
    input: { distribution: 'lognormal', mean: 100, std: 50 },
    output: { distribution: 'fixed', mean: 3 },
    seed: 4,
  })

describe('withSharedPrefixes', () => {
  it('changes nothing of the requests, and gives each one of so many beginnings', () => {
    const plain = drafts(drawn(), 300)
    const alike = drafts(withSharedPrefixes(drawn(), { tokens: 64, count: 3, seed: 4 }), 300)
    expect(alike.map(({ promptBlocks: _, ...rest }) => rest)).toEqual(
      plain.map(({ promptBlocks: _, ...rest }) => rest),
    )
    const ids = alike.map(({ promptBlocks }) => promptBlocks?.ids[0])
    expect(new Set(ids)).toEqual(new Set([0, 1, 2]))
    for (const id of [0, 1, 2])
      expect(ids.filter((each) => each === id).length / 300).toBeCloseTo(1 / 3, 1)
    expect(alike[0]!.promptBlocks).toMatchObject({ count: 1, blockTokens: 64 })
  })

  it.each([
    ['shared_prefix_length', { tokens: 0, count: 1, seed: 0 }],
    ['num_shared_prefixes', { tokens: 1, count: 1.5, seed: 0 }],
  ])('refuses a wrong %s', (field, prefixes) => {
    expect(() => withSharedPrefixes(drawn(), prefixes)).toThrow(field)
  })
})

describe('rowSource', () => {
  const blocksOf = (text: string) => {
    let given = false
    const chunks = (): string | undefined => (given ? undefined : ((given = true), text))
    return drafts(rowSource(traceReader(chunks, 'trace')), 9).map(
      ({ promptBlocks }) => promptBlocks,
    )
  }

  it.each([
    [
      'Mooncake',
      '{"timestamp": 0, "input_length": 600, "output_length": 1, "hash_ids": [7, 9]}',
      { ids: [7, 9], count: 2, blockTokens: 512 },
    ],
    [
      'Qwen-Bailian',
      '{"chat_id": 1, "parent_chat_id": -1, "timestamp": 0, "input_length": 30, "output_length": 1, "hash_ids": [7, 9]}',
      { ids: [7, 9], count: 2, blockTokens: 16 },
    ],
    [
      'token ids',
      '{"arrival_time_ns": 0, "input_toks": 3, "output_toks": 1, "input_tok_ids": [5, 6, 7]}',
      { ids: [5, 6, 7], count: 3, blockTokens: 1 },
    ],
    [
      'ideal hits',
      '{"arrival_time_ns": 0, "input_toks": 30, "output_toks": 1, "ideal_prefix_hit_toks": 20}',
      { ids: [0], count: 1, blockTokens: 20 },
    ],
    [
      'no hits',
      '{"arrival_time_ns": 0, "input_toks": 30, "output_toks": 1, "ideal_prefix_hit_toks": 0}',
      undefined,
    ],
  ])('hands the blocks of %s on', (_, line, blocks) => {
    expect(blocksOf(`${line}\n`)).toEqual([blocks])
  })

  it('keeps the ids of sessions apart that count them each for itself', () => {
    const session = (id: string): string =>
      JSON.stringify({ id, block_size: 8, requests: [{ t: 0, in: 20, out: 1, hash_ids: [1, 2] }] })
    const [first, second] = blocksOf(`${session('a')}\n${session('b')}\n`)
    expect(first).toEqual({ ids: [1, 2], count: 2, blockTokens: 8 })
    expect(second).toMatchObject({ count: 2, blockTokens: 8 })
    expect(second!.ids[0]).not.toBe(1)
    expect(second!.ids[0]).not.toBe(second!.ids[1])
  })
})
