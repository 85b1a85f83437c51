/** Images of prompts, from the command line. */
import type { ResultsDocument } from '@llmsim/contracts'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'

const common = '--xpu h100-80gb --num-requests 100 --arrival-rate 5'

async function results(line: string): Promise<ResultsDocument> {
  const { code, stdout, stderr } = await llmsim(
    `${common} ${line} --format json`.split(' '),
    tmpdir(),
  )
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as ResultsDocument
}

describe('workload.images', () => {
  const model = '--model qwen2.5-vl-7b'

  it('adds tokens to prompts, and the time of the encoder to their steps', async () => {
    const text = await results(model)
    const images = await results(`${model} --images-per-request 2 --breakdown`)
    // 1024 by 1024 pixels are 37 by 37 tokens.
    expect(images.images).toEqual({
      requests: 100,
      images: 200,
      tokens: 200 * 37 * 37,
      encoded_images: 200,
    })
    expect(text.images).toBeUndefined()
    const tokens = (of: ResultsDocument) =>
      of.throughput.input_tokens_per_sec * of.measured_window.end_s
    expect(tokens(images) - tokens(text)).toBeCloseTo(200 * 37 * 37, 3)
    const { operators } = images.pools[0]!.breakdown!
    expect(operators.vision_qkv).toBeGreaterThan(0)
    expect(operators.vision_attention).toBeGreaterThan(0)
    expect(images.first_token_latency.mean!).toBeGreaterThan(text.first_token_latency.mean!)
    // Its buffers leave less for the KV cache.
    expect(images.kv_cache.total_blocks).toBeLessThan(text.kv_cache.total_blocks)
    expect(images.scenario.workload?.images).toEqual({
      per_request: 2,
      sizes: [{ width: 1024, height: 1024, weight: 1 }],
    })
  })

  it('gives the same step by step, in every layout, with every scheduler', async () => {
    const some =
      '--set workload.images.per_request=[1,2,1] --set workload.images.sizes=[{"width":640,"height":480},{"width":1280,"height":720}]'
    for (const more of [
      '--scheduler vllm-v1 --enable-prefix-caching --shared-prefix-length 300',
      '--scheduler sarathi --tp 2',
      '--scheduler sglang --pp 2',
      '--disaggregated --decider prefix-miss --first-token-from decode',
    ]) {
      const { scenario: _, ...jumped } = await results(`${model} ${some} ${more}`)
      const { scenario: __, ...stepped } = await results(`${model} ${some} ${more} --step-by-step`)
      expect(jumped.images!.images).toBeGreaterThan(50)
      expect(stepped.images).toEqual(jumped.images)
      expect(stepped.simulation_time).toBe(jumped.simulation_time)
    }
  })

  it('is of other sizes for models that scale or cut images', async () => {
    const gemma = await results('--model gemma3-12b --images-per-request 1')
    expect(gemma.images!.tokens).toBe(100 * 256)
    const llama = await results('--model llama4-scout --tp 8 --images-per-request 1')
    // 1024 pixels fit 4 by 4 tiles of 336 best, and one of the whole.
    expect(llama.images!.tokens).toBe(100 * 17 * 144)
  })

  it.each([
    ['--model llama3.1-8b --images-per-request 1', 'has no vision'],
    [`${model} --images-per-request 0`, 'workload.images.per_request'],
    [`${model} --set workload.images.per_request=[0,0]`, 'workload.images.per_request'],
    [`${model} --set workload.images.sizes=[{"width":0,"height":1}]`, 'workload.images.sizes'],
  ])('%s is refused', async (line, reason) => {
    const { code, stderr } = await llmsim(`${common} ${line}`.split(' '), tmpdir())
    expect(code).toBe(2)
    expect(stderr).toContain(reason)
    expect(stderr).not.toContain('    at ')
  })

  it('may be for a pool of its own, which takes them off the prompts', async () => {
    const alone = await results(`${model} --images-per-request 2`)
    const split = await results(`${model} --images-per-request 2 --encode-n-xpus 2 --breakdown`)
    expect(split.encode_pool).toMatchObject({ replicas: 2, devices: 2, images: 200 })
    expect(split.images).toEqual(alone.images)
    expect(split.pools[0]!.breakdown!.operators.vision_qkv).toBeUndefined()
    expect(split.time_per_output_token.mean!).toBeLessThan(alone.time_per_output_token.mean!)
    // 37 by 37 tokens of 3,584 elements of two bytes.
    expect(split.encode_pool!.bytes).toBe(200 * 37 * 37 * 3584 * 2)
    expect(split.cost!.usd_per_hour).toBeCloseTo(3 * alone.cost!.usd_per_hour, 9)
    const slower = await results(
      `${model} --images-per-request 2 --encode-n-xpus 2 --encode-xpu l40s --disaggregated`,
    )
    expect(slower.encode_pool!.time.mean!).toBeGreaterThan(split.encode_pool!.time.mean!)
    expect(slower.scenario.encode).toMatchObject({ xpu: 'l40s', n_xpus: 2 })
  })

  it.each([
    [`${model} --encode-n-xpus 2`, 'encode: no prompt has an image'],
    [
      `${model} --images-per-request 1 --encode-n-xpus 3 --set encode.tensor_parallel_size=2`,
      'encode.n_xpus',
    ],
    [
      `${model} --images-per-request 1 --encode-n-xpus 16 --set encode.tensor_parallel_size=16`,
      'tensor_parallel_size',
    ],
    [`${model} --images-per-request 1 --encode-xpu nothing`, 'encode.xpu'],
  ])('%s is refused', async (line, reason) => {
    const { code, stderr } = await llmsim(`${common} ${line}`.split(' '), tmpdir())
    expect(code).toBe(2)
    expect(stderr).toContain(reason)
    expect(stderr).not.toContain('    at ')
  })

  it('is refused with sessions', async () => {
    const line = `--model qwen2.5-vl-7b --images-per-request 1 --num-requests 10 --xpu h100-80gb --set workload.sessions={"turns":{"distribution":"fixed","mean":3},"think_time_s":1}`
    const { code, stderr } = await llmsim(line.split(' '), tmpdir())
    expect(code).toBe(2)
    expect(stderr).toContain('workload.images')
  })
})
