import { describe, expect, it } from 'vitest'
import { checkLayout, tensorParallelSizes } from './layout-check.js'
import { deepseekV3, h100, layout, llama2x70b, models } from './test/fixtures.js'

describe('layout check', () => {
  it('accepts what splits heads evenly and gives each stage a layer', () => {
    for (const model of models)
      for (const tensorParallel of tensorParallelSizes(layout(model, h100)))
        expect(() => {
          checkLayout(layout(model, h100, { tensorParallel, pipelineParallel: 8 }))
        }).not.toThrow()
    expect(tensorParallelSizes(layout(llama2x70b, h100))).toEqual([1, 2, 4, 8, 16, 32, 64])
    expect(tensorParallelSizes(layout(deepseekV3, h100), 16)).toEqual([1, 2, 4, 8, 16])
  })

  it.each([
    [{ tensorParallel: 3 }, 'CONFLICT', 'parallelism.tensor_parallel_size'],
    [{ tensorParallel: 128 }, 'CONFLICT', 'parallelism.tensor_parallel_size'],
    [{ tensorParallel: 0 }, 'INVALID_VALUE', 'parallelism.tensor_parallel_size'],
    [{ pipelineParallel: 1.5 }, 'INVALID_VALUE', 'parallelism.pipeline_parallel_size'],
    [{ pipelineParallel: 81 }, 'CONFLICT', 'parallelism.pipeline_parallel_size'],
  ])('rejects %o', (sizes, code, path) => {
    expect(() => {
      checkLayout(layout(llama2x70b, h100, sizes))
    }).toThrow(expect.objectContaining({ code, path }))
  })

  it('says what would be accepted, at the path that it is given', () => {
    expect(() => {
      checkLayout(layout(llama2x70b, h100, { tensorParallel: 6 }), 'disaggregation.decode')
    }).toThrow(
      expect.objectContaining({
        path: 'disaggregation.decode.tensor_parallel_size',
        given: 6,
        accepted: '1, 2, 4, 8, 16, 32, 64',
      }),
    )
  })
})
