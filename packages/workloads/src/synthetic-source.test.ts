import { type RequestDraft, type RequestSource } from '@llmsim/contracts'
import { describe, expect, test } from 'vitest'
import { syntheticSource, type SyntheticWorkload } from './synthetic-source.js'

const chat: SyntheticWorkload = {
  arrivals: { process: 'poisson', ratePerSecond: 10 },
  input: { distribution: 'lognormal', mean: 512, std: 256, max: 8192 },
  output: { distribution: 'lognormal', mean: 128 },
  seed: 1,
}

function take(source: RequestSource, count: number): RequestDraft[] {
  return Array.from({ length: count }, () => {
    const draft = { arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: 0, priority: 9 }
    expect(source.next(draft)).toBe(true)
    return draft
  })
}

describe('syntheticSource', () => {
  test('draws the same requests on every machine', () => {
    expect(take(syntheticSource(chat), 4)).toMatchInlineSnapshot(`
      [
        {
          "arrivalSeconds": 0.01861868992920923,
          "outputTokens": 83,
          "priority": 0,
          "promptTokens": 703,
          "sessionId": -1,
        },
        {
          "arrivalSeconds": 0.10588856315443462,
          "outputTokens": 51,
          "priority": 0,
          "promptTokens": 480,
          "sessionId": -1,
        },
        {
          "arrivalSeconds": 0.1258441826871094,
          "outputTokens": 113,
          "priority": 0,
          "promptTokens": 355,
          "sessionId": -1,
        },
        {
          "arrivalSeconds": 0.4600114299077494,
          "outputTokens": 82,
          "priority": 0,
          "promptTokens": 421,
          "sessionId": -1,
        },
      ]
    `)
    const last = take(syntheticSource(chat), 10_000).at(-1)
    expect(last).toMatchInlineSnapshot(`
      {
        "arrivalSeconds": 1002.6822700454322,
        "outputTokens": 63,
        "priority": 0,
        "promptTokens": 509,
        "sessionId": -1,
      }
    `)
  })

  test('gives each of the three quantities its own stream', () => {
    const base = take(syntheticSource(chat), 50)
    const other = take(
      syntheticSource({ ...chat, input: { distribution: 'zipf', mean: 100, max: 4000 } }),
      50,
    )
    expect(other.map((r) => r.arrivalSeconds)).toEqual(base.map((r) => r.arrivalSeconds))
    expect(other.map((r) => r.outputTokens)).toEqual(base.map((r) => r.outputTokens))
    expect(other.map((r) => r.promptTokens)).not.toEqual(base.map((r) => r.promptTokens))
    const seeded = take(syntheticSource({ ...chat, seed: 2 }), 50)
    expect(seeded.map((r) => r.arrivalSeconds)).not.toEqual(base.map((r) => r.arrivalSeconds))
  })

  test('keeps two sources of one seed apart', () => {
    const [a, b] = [syntheticSource(chat), syntheticSource(chat)]
    expect(take(a, 100)).toEqual(take(b, 100))
  })

  test('arrives in time order, at the rate asked for', () => {
    const requests = take(syntheticSource(chat), 100_000)
    let before = 0
    for (const { arrivalSeconds } of requests) {
      if (arrivalSeconds < before) expect(arrivalSeconds).toBeGreaterThanOrEqual(before)
      before = arrivalSeconds
    }
    expect(Math.abs(before / 10_000 - 1)).toBeLessThan(0.015)
  })

  test('never steps back, however unequal the gaps', () => {
    const source = syntheticSource({
      ...chat,
      arrivals: { process: 'gamma', ratePerSecond: 1, cv: 100 },
    })
    const draft = { arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: 0, priority: 0 }
    let before = 0
    for (let i = 0; i < 300_000; i++) {
      source.next(draft)
      if (!(draft.arrivalSeconds >= before)) expect.fail(`${draft.arrivalSeconds} after ${before}`)
      before = draft.arrivalSeconds
    }
    expect(before).toBeGreaterThan(0)
  })

  test('does not let rounding errors of the clock add up', () => {
    const source = syntheticSource({
      ...chat,
      arrivals: { process: 'constant', ratePerSecond: 10 },
    })
    const draft = { arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: 0, priority: 0 }
    for (let i = 1; i <= 1_000_000; i++) source.next(draft)
    expect(draft.arrivalSeconds).toBe(100_000)
  })

  test('arrives at 0 in a closed loop', () => {
    const { arrivals: _, ...closed } = chat
    const requests = take(syntheticSource(closed), 20)
    expect(requests.every(({ arrivalSeconds }) => arrivalSeconds === 0)).toBe(true)
    expect(requests.map((r) => r.promptTokens)).toEqual(
      take(syntheticSource(chat), 20).map((r) => r.promptTokens),
    )
  })

  test('names the field of the scenario that is at fault', () => {
    expect(() =>
      syntheticSource({ ...chat, output: { distribution: 'fixed', mean: 5, std: 2 } }),
    ).toThrow('workload.output_length_std: a fixed length has no standard deviation; given 2')
    expect(() => syntheticSource({ ...chat, seed: 1.5 })).toThrow('random_seed: is not a seed')
  })
})
