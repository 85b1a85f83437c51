import { describe, expect, it } from 'vitest'
import { assign, assignmentsFromFlags, assignmentsFromSet, parseNumber } from './assignments.js'

describe('parseNumber', () => {
  it.each([
    ['5', 5],
    ['0.25', 0.25],
    ['.5', 0.5],
    ['1e3', 1000],
    ['-2', -2],
  ])('reads %s', (text, value) => expect(parseNumber('--cv', text, false)).toBe(value))

  it.each(['', ' ', 'abc', '1e309', 'NaN', 'Infinity', '-Infinity', '0x10', '1_000', '1,5', '5 '])(
    'refuses %j',
    (text) => expect(() => parseNumber('--cv', text, false)).toThrow(/^--cv: /),
  )

  it('refuses a fraction where a whole number is asked for', () => {
    expect(() => parseNumber('--tp', '2.5', true)).toThrow('--tp: is not a whole number')
  })
})

it('turns flags into fields', () => {
  expect(assignmentsFromFlags({ nXpusPerNode: '8', disaggregated: true, model: '7' })).toEqual([
    { field: 'model', value: '7', source: '--model' },
    { field: 'cluster.n_xpus_per_node', value: 8, source: '--n-xpus-per-node' },
    { field: 'disaggregation.enabled', value: true, source: '--disaggregated' },
  ])
})

describe('--set', () => {
  it('reads JSON, or else text', () => {
    expect(assignmentsFromSet(['a.b=5', 'c=x=y', 'd={"e":1}']).map(({ value }) => value)).toEqual([
      5,
      'x=y',
      { e: 1 },
    ])
  })

  it.each(['a', '=5', 'a..b=1', '__proto__.x=1', 'a.constructor=1'])('refuses %s', (text) =>
    expect(() => assignmentsFromSet([text])).toThrow(/^--set: /),
  )

  it('takes a field out with null, and does not make sections for it', () => {
    const target = { workload: { cv: 2 } }
    assign(target, { field: 'workload.cv', value: null, source: '--set' })
    assign(target, { field: 'router.name', value: null, source: '--set' })
    expect(target).toEqual({ workload: {} })
  })

  it('does not reach into a value that has no fields', () => {
    expect(() =>
      assign({ model: 'a' }, { field: 'model.layers', value: 1, source: '--set' }),
    ).toThrow('model.layers (--set): model has no fields')
  })
})
