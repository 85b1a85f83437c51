import { describe, expect, it } from 'vitest'
import { bytesPerElement, NumberFormat, numberFormats } from './number-format.js'
import { causalPairs, emptyWork } from './cost-model.js'

describe('number formats', () => {
  it('have a size each, widest first', () => {
    expect(Object.keys(bytesPerElement)).toEqual([...numberFormats])
    const sizes = numberFormats.map((format) => bytesPerElement[format])
    expect(sizes).toEqual([4, 2, 2, 1, 1, 0.5, 0.5])
  })

  it('are a closed set', () => {
    expect(NumberFormat.safeParse('fp8').success).toBe(true)
    expect(NumberFormat.safeParse('FP8').success).toBe(false)
    expect(NumberFormat.safeParse('constructor').success).toBe(false)
  })
})

describe('step work', () => {
  it('counts the pairs of causal attention: each new token sees itself and all before it', () => {
    let pairs = 0
    for (let token = 1; token <= 9; token++) pairs += 20 + token
    expect(causalPairs(9, 20)).toBe(pairs)
    expect(causalPairs(1, 0)).toBe(1)
    // A prompt in two chunks has the pairs of the whole.
    expect(causalPairs(4, 0) + causalPairs(5, 4)).toBe(causalPairs(9, 0))
  })

  it('is empty anew each time', () => {
    const work = emptyWork()
    work.decodes = 3
    expect(Object.values(emptyWork())).toEqual([0, 0, 0, 0, 0])
  })
})
