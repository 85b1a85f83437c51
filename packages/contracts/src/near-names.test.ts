import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nearNames } from './near-names.js'

const known = ['a100-80gb', 'h100-80gb', 'h100-pcie', 'h200', 'mi300x', 'mi325x', 'llama2-70b']

describe('nearNames', () => {
  it.each([
    ['h100-80bg', ['h100-80gb', 'a100-80gb']],
    ['H100_80GB', ['h100-80gb', 'a100-80gb']],
    ['mi300', ['mi300x']],
    ['im300x', ['mi300x']],
    ['llama-2-70b', ['llama2-70b']],
    ['llama2-70b-chat', ['llama2-70b']],
    ['h100', ['h100-80gb', 'h100-pcie', 'h200']],
    ['banana', []],
    ['', []],
    ['---', []],
  ])('finds for %j the names %j', (given, names) => {
    expect(nearNames(given, known)).toEqual(names)
  })

  it('counts two letters swapped as one edit, and equal scores in order of the names', () => {
    expect(nearNames('abdc', ['abcd'])).toEqual(['abcd'])
    expect(nearNames('cat', ['rat', 'bat', 'hat'], 2)).toEqual(['bat', 'hat'])
  })

  it('gives no more than the limit', () => {
    expect(nearNames('h100', known, 1)).toEqual(['h100-80gb'])
    expect(nearNames('h100', known, 0)).toEqual([])
  })

  it('takes any text and answers with known names only, an exact one first', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.array(fc.string()), (given, names) => {
        const near = nearNames(given, names)
        expect(near.every((name) => names.includes(name))).toBe(true)
        expect(near.length).toBeLessThanOrEqual(3)
      }),
      { seed: 1 },
    )
    for (const name of known) expect(nearNames(name, known)[0]).toBe(name)
  })
})
