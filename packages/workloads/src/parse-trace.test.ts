import { isSimulatorError } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTrace } from './parse-trace.js'

const azure = 'TIMESTAMP,ContextTokens,GeneratedTokens\n'
const vidur = 'arrived_at,num_prefill_tokens,num_decode_tokens\n'

function parse(text: string): { arrivals: number[]; prompts: number[]; outputs: number[] } {
  const rows = parseTrace(text, { path: 'trace.csv' })
  return {
    arrivals: [...rows.arrivalSeconds],
    prompts: [...rows.promptTokens],
    outputs: [...rows.outputTokens],
  }
}

function failure(text: string): string {
  try {
    parse(text)
  } catch (error) {
    if (isSimulatorError(error)) return `${error.code} ${error.message}`
    throw error
  }
  return 'no error'
}

describe('parseTrace', () => {
  test('subtracts the first of the clock times to 100 ns', () => {
    const text = `${azure}2023-11-16 18:15:46.6805900,374,44
2023-11-16 18:15:50.9951690,396,109
2023-11-17 00:00:00.0000001,1,1`
    expect(parse(text)).toEqual({
      arrivals: [0, 4.314579, 20653.3194101],
      prompts: [374, 396, 1],
      outputs: [44, 109, 1],
    })
  })

  test('counts leap days, zones and months in clock times', () => {
    const text = `${azure}2024-02-28T23:59:59Z,1,1
2024-03-01 00:00:00.5,1,1
2024-03-01 02:00:01.123456789+01:00,1,1
2100-03-01 00:00:00,1,1`
    const { arrivals } = parse(text)
    expect(arrivals.slice(0, 2)).toEqual([0, 86401.5])
    expect(arrivals[2]).toBeCloseTo(90002.123456789, 9)
    // 2100 has no leap day.
    expect(arrivals[3]).toBe((Date.UTC(2100, 2, 1) - Date.UTC(2024, 1, 28, 23, 59, 59)) / 1000)
  })

  test('agrees with the calendar of Date on any day', () => {
    const date = fc.date({
      min: new Date('1970-01-01T00:00:00Z'),
      max: new Date('2199-12-31T23:59:59Z'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(date, date, (a, b) => {
        const [from, to] = a <= b ? [a, b] : [b, a]
        const { arrivals } = parse(`${azure}${from.toISOString()},1,1\n${to.toISOString()},1,1`)
        expect(arrivals[1]).toBe((to.getTime() - from.getTime()) / 1000)
      }),
    )
  })

  test('takes seconds as they are', () => {
    expect(parse(`${vidur}0.5,13,199\n1e3,2,3\n`)).toEqual({
      arrivals: [0.5, 1000],
      prompts: [13, 2],
      outputs: [199, 3],
    })
  })

  test('accepts columns in any order and others among them', () => {
    const text =
      'tenant,num_decode_tokens,arrived_at,num_prefill_tokens\n"a, ""b""",1,2,3\n,4,5,6\n'
    expect(parse(text)).toEqual({ arrivals: [2, 5], prompts: [3, 6], outputs: [1, 4] })
  })

  test('accepts a byte order mark, CRLF, quotes, spaces and blank lines at the end', () => {
    const text = '\ufeff"arrived_at", num_prefill_tokens,num_decode_tokens\r\n"1", 2 ,"3"\r\n\r\n\n'
    expect(parse(text)).toEqual({ arrivals: [1], prompts: [2], outputs: [3] })
  })

  test('accepts token counts that were written as floats', () => {
    expect(parse(`${vidur}0,374.0,1e7`)).toMatchObject({ prompts: [374], outputs: [10_000_000] })
  })

  test('sorts rows by time and keeps the order of those that arrive together', () => {
    expect(parse(`${vidur}2,1,1\n1,2,1\n2,3,1\n1,4,1\n`)).toMatchObject({
      arrivals: [1, 1, 2, 2],
      prompts: [2, 4, 1, 3],
    })
    expect(parse(`${azure}2023-01-01 00:00:02,1,1\n2023-01-01 00:00:01,2,1\n`)).toMatchObject({
      arrivals: [0, 1],
      prompts: [2, 1],
    })
  })

  test.each([
    ['', 'FILE trace.csv: is empty; accepted: TIMESTAMP,'],
    ['\r\n\n', 'FILE trace.csv: is empty'],
    [azure, 'FILE trace.csv: has a header and no rows'],
    ['a,b,c\n1,2,3\n', 'FILE trace.csv:1: has no header of a known trace format; given "a,b,c"'],
    [`${vidur}0,1\n`, 'FILE trace.csv:2: has 2 cells; accepted: 3 as in the header'],
    [`${vidur}0,1,1\n\n1,1,1\n`, 'FILE trace.csv:3: is blank; accepted: cells'],
    [`${vidur}0,1,1\n1,1,1,1\n`, 'FILE trace.csv:3: has 4 cells'],
    [`${vidur}0,1,"1\n`, 'FILE trace.csv:2: has a quote that does not enclose a whole cell'],
    [`${vidur}0,1,"1"1\n`, 'FILE trace.csv:2: has a quote'],
    [`arrived_at,${vidur}`, 'FILE trace.csv:1: has two columns arrived_at; accepted: one'],
    [','.repeat(1000), 'FILE trace.csv:1: has more than 1000 cells'],
    [`${vidur}NaN,1,1`, 'INVALID_VALUE trace.csv:2:arrived_at: is not a value'],
    [`${vidur}0,1,1\n1e309,1,1`, 'INVALID_VALUE trace.csv:3:arrived_at: is not a value'],
    [`${vidur}-1,1,1`, 'trace.csv:2:arrived_at: is not a value of this column; given -1'],
    [`${vidur}0x10,1,1`, 'trace.csv:2:arrived_at'],
    [`${vidur}0,,1`, 'trace.csv:2:num_prefill_tokens: is empty; given ""'],
    [
      `${vidur}0,0,1`,
      'num_prefill_tokens: is not a value of this column; given 0; accepted: an in',
    ],
    [`${vidur}0,1,0`, 'trace.csv:2:num_decode_tokens'],
    [`${vidur}0,1,-3`, 'given -3; accepted: an integer from 1 to 10,000,000'],
    [`${vidur}0,1.5,1`, 'given 1.5'],
    [`${vidur}0,10000001,1`, 'given 10000001'],
    [`${vidur}0,many,1`, 'given "many"'],
    [`${azure}2023-11-16,1,1`, 'trace.csv:2:TIMESTAMP: is not a value of this column; given "2023'],
    [`${azure}2023-02-29 00:00:00,1,1`, 'TIMESTAMP'],
    [`${azure}2023-13-01 00:00:00,1,1`, 'TIMESTAMP'],
    [`${azure}2023-01-01 24:00:00,1,1`, 'TIMESTAMP'],
    [`${azure}2023-01-01 00:00:00.,1,1`, 'TIMESTAMP'],
    [`${azure}2023-01-01 00:00:00 CET,1,1`, 'TIMESTAMP'],
    [`${azure}12.5,1,1`, 'accepted: a time such as 2023-11-16 18:15:46.6805900'],
  ])('names the place of the defect in %j', (text, message) => {
    expect(failure(text)).toContain(message)
  })

  test('returns what was written, for any rows', () => {
    const tokens = fc.integer({ min: 1, max: 10_000_000 })
    const row = fc.tuple(fc.double({ min: 0, max: 1e9, noNaN: true }), tokens, tokens)
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), fc.constantFrom('\n', '\r\n'), (rows, end) => {
        const sorted = [...rows].sort((a, b) => a[0] - b[0])
        const text = vidur + rows.map((cells) => cells.join(',')).join(end)
        expect(parse(text)).toEqual({
          arrivals: sorted.map(([arrival]) => arrival + 0),
          prompts: sorted.map(([, prompt]) => prompt),
          outputs: sorted.map(([, , output]) => output),
        })
      }),
    )
  })

  test('answers garbage with a SimulatorError and nothing else', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.constantFrom('1', '"', '\n', '\r', ',', '2023-11-16 18:15:46', '""', '\0'),
    )
    const garbage = fc.array(cell, { maxLength: 40 }).map((cells) => cells.join(','))
    fc.assert(
      fc.property(fc.constantFrom('', azure, vidur), garbage, (header, text) => {
        expect(() => failure(header + text)).not.toThrow()
      }),
      { numRuns: 1000 },
    )
  })
})
