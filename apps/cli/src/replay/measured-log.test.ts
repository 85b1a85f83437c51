import { expect, it } from 'vitest'
import { logSource, parseLog } from './measured-log.js'

const line = (queued: number, more: object = {}): string =>
  JSON.stringify({
    input_toks: 10,
    output_toks: 3,
    queued_ts: queued,
    scheduled_ts: queued + 1,
    first_token_ts: queued + 2,
    last_token_ts: queued + 4,
    ...more,
  })

it('puts requests in order, the first one at 0', () => {
  const log = parseLog(`${line(105)}\n${line(100, { input_toks: 7 })}\n`, 'log')
  expect(log.map((each) => each.arrivalSeconds)).toEqual([0, 5])
  expect(log[0]).toMatchObject({ promptTokens: 7, firstTokenSeconds: 2, finishSeconds: 4 })
  const source = logSource(log)
  const draft = { arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: 0, priority: 0 }
  expect(source.next(draft)).toBe(true)
  expect(source.next(draft)).toBe(true)
  expect(draft).toMatchObject({ arrivalSeconds: 5, promptTokens: 10 })
  expect(source.next(draft)).toBe(false)
})

it.each([
  ['no JSON', 'nonsense', 'log: line 1: is no JSON'],
  ['a missing field', line(1, { output_toks: undefined }), 'log: line 1: output_toks'],
  ['times that run backwards', line(1, { last_token_ts: 0 }), 'run backwards'],
  ['nothing', '\n', 'holds no request'],
])('refuses %s', (_what, text, message) => {
  expect(() => parseLog(text, 'log')).toThrow(message)
})
