import { isSimulatorError } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  assumedLengths,
  clientRows,
  expectedRequests,
  isLengthTable,
  isRateTable,
  longestOf,
  parseLengthWindows,
  parseRateWindows,
} from './rate-windows.js'
import { wholeText } from './text-lines.js'
import { traceFigures } from './trace-statistics.js'

const rates = '0,0,0,,0,0\n600,2,1.5,Gamma,0.5,1\n1200,4,0.8,Weibull,1.2,0.3\n'
const lengths = {
  '0': { input_tokens: '{}', output_tokens: '{}', reason_ratio: '{}' },
  '600': { input_tokens: '{10: 0.5, 20: 0.5}', output_tokens: '{3: 1.0}' },
  '1200': { input_tokens: '{30: 1}', output_tokens: '{0.2: 1}' },
}

describe('clients of ServeGen', () => {
  test('have the rates and lengths of each window', () => {
    const windows = parseRateWindows(wholeText(rates), 'r')
    expect(windows).toEqual([
      { startSeconds: 0, seconds: 600, ratePerSecond: 0, gaps: undefined },
      { startSeconds: 600, seconds: 600, ratePerSecond: 2, gaps: { process: 'gamma', shape: 0.5 } },
      {
        startSeconds: 1200,
        seconds: 600,
        ratePerSecond: 4,
        gaps: { process: 'weibull', shape: 1.2 },
      },
    ])
    const clients = [{ windows, lengths: parseLengthWindows(lengths, 'l') }]
    expect(expectedRequests(clients)).toBe(3600)
    expect(expectedRequests(clients, [900, 1300])).toBe(1000)
    expect(longestOf(clients)).toBe(33)
    const figures = traceFigures(clientRows(clients, 1))
    expect(figures.rows / 3600).toBeCloseTo(1, 1)
    expect(figures.prompt.max).toBe(30)
    // A third has 15 in the mean, two thirds 30.
    expect(figures.prompt.mean / 25).toBeCloseTo(1, 1)
    expect(figures.spanSeconds).toBeLessThan(1200)
  })

  test('merge in time order', () => {
    const windows = parseRateWindows(wholeText('window_start_s,requests_per_s\n0,5\n600,10\n'), 'r')
    const clients = [1, 2, 3].map(() => ({ windows, lengths: assumedLengths }))
    const rows = clientRows(clients, 1)
    const figures = traceFigures(rows)
    expect(figures.tenants).toBe(3)
    expect(figures.rows / (3 * 9000)).toBeCloseTo(1, 1)
    expect(figures.prompt.mean / 512).toBeCloseTo(1, 1)
  })

  test('are known by their first line, and data sets by their keys', () => {
    expect(isRateTable('0,0,0,,0,0')).toBe(true)
    expect(isRateTable('0,0.3,6.5,Weibull,0.4,3.3\r')).toBe(true)
    expect(isRateTable('window_start_s,requests_per_s')).toBe(true)
    expect(isRateTable('a,b,c,Gamma,d,e')).toBe(false)
    expect(isRateTable('1,2,3,4,5,6')).toBe(false)
    expect(isLengthTable(lengths)).toBe(true)
    expect(isLengthTable({ a: 1 })).toBe(false)
    expect(isLengthTable({})).toBe(false)
  })

  test.each([
    ['', 'r: has no rows'],
    ['0,1,2\n', 'r:1: has 3 cells'],
    ['0,-1,1,Gamma,1,1\n', 'r:1:requests_per_s'],
    ['0,1,1,Pareto,1,1\n', 'r:1:distribution'],
    ['0,1,1,,0,0\n0,1,1,,0,0\n', 'r:2:window_start_s'],
  ])('names the place of the defect in %j', (text, message) => {
    expect(() => parseRateWindows(wholeText(text), 'r')).toThrow(message)
  })

  test.each([
    [{ '0': { input_tokens: '{1: x}', output_tokens: '{}' } }, 'l:0:input_tokens'],
    [{ '0': { input_tokens: '{}', output_tokens: 'import os' } }, 'l:0:output_tokens'],
    [{ '0': { input_tokens: '{1: 2: 3}', output_tokens: '{}' } }, 'l:0:input_tokens'],
    [{ '0': { input_tokens: 5, output_tokens: '{}' } }, 'l:0:input_tokens'],
    [3, 'l: has no windows of lengths'],
  ])('names the place of the defect in %j', (value, message) => {
    expect(() => parseLengthWindows(value, 'l')).toThrow(message)
  })

  test('answers any defect with a SimulatorError', () => {
    fc.assert(
      fc.property(fc.nat({ max: 60 }), fc.string({ maxLength: 5 }), (at, put) => {
        try {
          parseRateWindows(wholeText(rates.slice(0, at) + put + rates.slice(at)), 'r')
        } catch (error) {
          expect(isSimulatorError(error)).toBe(true)
        }
      }),
    )
  })
})
