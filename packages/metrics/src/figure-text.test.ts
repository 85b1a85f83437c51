import { expect, it } from 'vitest'
import {
  countText as count,
  dollarsText as dollars,
  durationText as duration,
  figureText as figure,
  percentText as percent,
  prefixedText as prefixed,
} from './figure-text.js'

it('prints four significant digits', () => {
  expect([0, 1, 1.5, 12.345, 123.456, 1234.5, 1234567, 0.012345, -2.5].map(figure)).toEqual([
    '0',
    '1',
    '1.5',
    '12.35',
    '123.5',
    '1,235',
    '1,234,567',
    '0.01235',
    '-2.5',
  ])
  expect([null, undefined, NaN].map(figure)).toEqual(['-', '-', '-'])
  expect(figure(1e-9)).toBe('1.00e-9')
})

it('chooses units', () => {
  expect([0, 2e-6, 0.0125, 3, null].map(duration)).toEqual(['0 s', '2 µs', '12.5 ms', '3 s', '-'])
  expect(prefixed(1.3074e15, 'FLOP/s')).toBe('1.307 PFLOP/s')
  expect(count(19366)).toBe('19,366')
  expect([percent(0.1234), percent(null)]).toEqual(['12.3 %', '-'])
  expect([dollars(2.5), dollars(15000), dollars(null)]).toEqual(['$2.50', '$15,000', '-'])
})
