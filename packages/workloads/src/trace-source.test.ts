import { expect, test } from 'vitest'
import { traceSource } from './trace-source.js'

const draft = { arrivalSeconds: 9, promptTokens: 9, outputTokens: 9, sessionId: 9, priority: 9 }

test('replays the rows once', () => {
  const source = traceSource({
    arrivalSeconds: Float64Array.of(0, 0.5),
    promptTokens: Int32Array.of(3, 4),
    outputTokens: Int32Array.of(1, 2),
  })
  expect(source.next(draft)).toBe(true)
  expect(draft).toEqual({
    arrivalSeconds: 0,
    promptTokens: 3,
    outputTokens: 1,
    sessionId: -1,
    priority: 0,
  })
  expect(source.next(draft)).toBe(true)
  expect(draft).toMatchObject({ arrivalSeconds: 0.5, promptTokens: 4, outputTokens: 2 })
  expect(source.next(draft)).toBe(false)
  expect(source.next(draft)).toBe(false)
})

test.each([
  [[1, 0], [1, 1], [1, 1], 'arrivalSeconds[1]: is out of range; given 0; accepted: finite, from 1'],
  [[NaN], [1], [1], 'arrivalSeconds[0]'],
  [[-1], [1], [1], 'arrivalSeconds[0]'],
  [[Infinity], [1], [1], 'arrivalSeconds[0]'],
  [[0], [0], [1], 'promptTokens[0]'],
  [[0], [1], [10_000_001], 'outputTokens[0]'],
  [[0], [1, 1], [1], 'promptTokens.length'],
  [[0], [1], [], 'outputTokens.length'],
])('refuses columns %j %j %j', (arrivals, prompts, outputs, message) => {
  expect(() =>
    traceSource({
      arrivalSeconds: Float64Array.from(arrivals),
      promptTokens: Int32Array.from(prompts),
      outputTokens: Int32Array.from(outputs),
    }),
  ).toThrow(message)
})
