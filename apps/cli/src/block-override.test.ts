import { GIB, type ResultsDocument } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'

const line = 'run --model llama3-8b --xpu h100 --num-requests 20 --time-series --format json'

async function run(blocks: number): Promise<{ stderr: string; results: ResultsDocument }> {
  const argv = [...line.split(' '), '--num-gpu-blocks-override', String(blocks)]
  const { code, stdout, stderr } = await llmsim(argv, '.')
  expect(code, stderr).toBe(0)
  return { stderr, results: JSON.parse(stdout) as ResultsDocument }
}

const partsOf = ({ memory_breakdown: [first] = [] }: ResultsDocument): Record<string, number> =>
  Object.fromEntries((first?.parts ?? []).map(({ name, bytes }) => [name, bytes]))

const sum = (parts: Record<string, number>): number =>
  Object.values(parts).reduce((all, bytes) => all + bytes, 0)

describe('a stated number of KV blocks', () => {
  // 16 tokens of 32 layers with 8 heads of 128, keys and values of 16 bits.
  const blockBytes = 2 ** 21

  it('is what the breakdown of the memory shows', async () => {
    for (const blocks of [100, 28_000, 32_000]) {
      const { results } = await run(blocks)
      const parts = partsOf(results)
      expect(parts['KV cache']).toBe(blocks * blockBytes)
      expect(sum(parts) / (80 * GIB)).toBeCloseTo(1, 12)
      expect(results.warnings.join()).not.toContain('num_gpu_blocks_override')
    }
  })

  it('is warned of, at the start and in the results, where no device holds it', async () => {
    const { stderr, results } = await run(200_000)
    const parts = partsOf(results)
    expect(parts['KV cache']).toBe(200_000 * blockBytes)
    expect(parts['left unused']).toBe(0)
    expect(sum(parts)).toBeGreaterThan(80 * GIB)
    const text =
      'engine.num_gpu_blocks_override: 200,000 KV blocks take 390.6 GiB of each device beside 16.4'
    for (const warned of [stderr, results.warnings.join('\n')]) {
      expect(warned).toContain(text)
      expect(warned).toContain('h100-80gb has 80.0')
    }
  })
})
