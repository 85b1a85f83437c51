import fc from 'fast-check'
import { expect, test } from 'vitest'
import { portableExp, portableLog, portablePow } from './portable-math.js'

/** Relative difference; 0 for two results that are the same infinity or NaN. */
function difference(a: number, b: number): number {
  return Object.is(a, b) ? 0 : Math.abs(a - b) / Math.abs(b)
}

test('portableExp agrees with Math.exp', () => {
  fc.assert(
    fc.property(fc.double({ min: -708, max: 709.78, noNaN: true }), (x) => {
      expect(difference(portableExp(x), Math.exp(x))).toBeLessThan(5e-16)
    }),
    { numRuns: 10_000 },
  )
  for (let x = -700; x < 700; x += 0.01373)
    if (difference(portableExp(x), Math.exp(x)) >= 5e-16) expect.fail(`at ${x}`)
})

test('portableLog agrees with Math.log', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, noNaN: true }), (x) => {
      expect(difference(portableLog(x), Math.log(x))).toBeLessThan(5e-16)
    }),
    { numRuns: 10_000 },
  )
  for (let x = 0.5; x < 4; x += 0.0000773)
    if (difference(portableLog(x), Math.log(x)) >= 5e-16) expect.fail(`at ${x}`)
})

test('portablePow agrees with Math.pow to the error that it states', () => {
  const base = fc.double({ min: 1e-9, max: 1e9, noNaN: true })
  fc.assert(
    fc.property(base, fc.double({ min: -30, max: 30, noNaN: true }), (x, y) => {
      const bound = (3 + Math.abs(y * Math.log(x))) * 2 ** -52
      expect(difference(portablePow(x, y), x ** y)).toBeLessThan(bound)
    }),
    { numRuns: 10_000 },
  )
})

test('the ends of the range', () => {
  expect(portableExp(0)).toBe(1)
  expect(portableExp(-Infinity)).toBe(0)
  expect(portableExp(Infinity)).toBe(Infinity)
  expect(portableExp(710)).toBe(Infinity)
  expect(portableExp(-746)).toBe(0)
  expect(portableExp(-745)).toBe(5e-324)
  expect(portableExp(NaN)).toBeNaN()
  expect(portableLog(1)).toBe(0)
  expect(portableLog(0)).toBe(-Infinity)
  expect(portableLog(-0)).toBe(-Infinity)
  expect(portableLog(Infinity)).toBe(Infinity)
  expect(portableLog(-1)).toBeNaN()
  expect(portableLog(NaN)).toBeNaN()
  expect(portableLog(5e-324)).toBeCloseTo(-744.4400719213812, 12)
  expect(portableLog(Number.MAX_VALUE)).toBeCloseTo(709.782712893384, 12)
  expect(portablePow(0, 0)).toBe(1)
  expect(portablePow(0, 2)).toBe(0)
  expect(portablePow(0, -2)).toBe(Infinity)
  expect(portablePow(-2, 2)).toBeNaN()
  expect(portablePow(7.3, 1)).toBe(7.3)
})

test('the same bits on every machine', () => {
  expect([1, -12.5, 700].map(portableExp)).toMatchInlineSnapshot(`
    [
      2.7182818284590455,
      0.000003726653172078671,
      1.0142320547350045e+304,
    ]
  `)
  expect([10, 0.3, 1e300].map(portableLog)).toMatchInlineSnapshot(`
    [
      2.302585092994046,
      -1.2039728043259361,
      690.7755278982137,
    ]
  `)
  expect([portablePow(10, 0.5), portablePow(3, -7)]).toMatchInlineSnapshot(`
    [
      3.16227766016838,
      0.00045724737082761794,
    ]
  `)
})
