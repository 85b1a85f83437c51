/*
 * ECMAScript lets every implementation round Math.exp, Math.log and Math.pow its own way. These use
 * only + - * / and integers, which IEEE 754 rounds in one way: the same bits on every machine.
 *
 * exp and log follow fdlibm 5.3 (e_exp.c and e_log.c; Sun Microsystems, 1993: "Permission to use,
 * copy, modify, and distribute this software is freely granted, provided that this notice is
 * preserved"), with multiplications by powers of two in place of writes to the exponent bits.
 */

const ln2High = 6.9314718036912381649e-1
const ln2Low = 1.90821492927058770002e-10
const inverseLn2 = 1.442695040888963387
const twoTo54 = 18014398509481984

const bias = 1023
/** Powers of two from 2^-1074 to 2^1023, all exact, at the place of the exponent plus 1074. */
const powersOfTwo: Float64Array = listPowersOfTwo()
const origin = 1074

const double = new Float64Array(1)
const words = new Int32Array(double.buffer)
/** Which of the two words holds the sign and the exponent: depends on the byte order. */
const highWord = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

function listPowersOfTwo(): Float64Array {
  const powers = new Float64Array(1074 + 1024)
  powers[1074] = 1
  for (let i = 1075; i < powers.length; i++) powers[i] = powers[i - 1]! * 2
  for (let i = 1073; i >= 0; i--) powers[i] = powers[i + 1]! / 2
  return powers
}

/** e^x, within 1 unit in the last place. */
export function portableExp(x: number): number {
  if (!(x <= 709.782712893383973096)) return x > 0 ? Infinity : NaN
  if (x < -745.13321910194110842) return 0
  const size = Math.abs(x)
  let k = 0
  let high = x
  let low = 0
  if (size > 0.34657359027997264) {
    k = (inverseLn2 * x + (x < 0 ? -0.5 : 0.5)) | 0
    high = x - k * ln2High
    low = k * ln2Low
  } else if (size < 3.725290298461914e-9) return 1 + x
  const r = high - low
  const t = r * r
  const c =
    r -
    t *
      (1.66666666666666019037e-1 +
        t *
          (-2.77777777770155933842e-3 +
            t *
              (6.61375632143793436117e-5 +
                t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))))
  if (k === 0) return 1 - ((r * c) / (c - 2) - r)
  const y = 1 - (low - (r * c) / (2 - c) - high)
  if (k === 1024) return y * 2 * powersOfTwo[1023 + origin]!
  if (k >= -1021) return y * powersOfTwo[k + origin]!
  return y * powersOfTwo[k + 1000 + origin]! * powersOfTwo[-1000 + origin]!
}

/** The natural logarithm of x, within 1 unit in the last place; NaN below 0, -Infinity at 0. */
export function portableLog(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN
  if (x === Infinity) return x
  let k = 0
  let scaled = x
  if (x < 2.2250738585072014e-308) {
    k = -54
    scaled = x * twoTo54
  }
  double[0] = scaled
  const high = words[highWord]!
  const exponent = (high >> 20) - bias
  const mantissa = high & 0xfffff
  // 1 where the mantissa is above the square root of 2, and is halved to be near 1.
  const up = ((mantissa + 0x95f64) & 0x100000) >> 20
  k += exponent + up
  const f = scaled * powersOfTwo[origin - exponent - up]! - 1
  if (((mantissa + 2) & 0xfffff) < 3) {
    if (f === 0) return k === 0 ? 0 : k * ln2High + k * ln2Low
    const r = f * f * (0.5 - (1 / 3) * f)
    return k === 0 ? f - r : k * ln2High - (r - k * ln2Low - f)
  }
  const s = f / (2 + f)
  const z = s * s
  const w = z * z
  const even =
    w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1))
  const odd =
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)))
  const r = odd + even
  if (((mantissa - 0x6147a) | (0x6b851 - mantissa)) > 0) {
    const half = 0.5 * f * f
    if (k === 0) return f - (half - s * (half + r))
    return k * ln2High - (half - (s * (half + r) + k * ln2Low) - f)
  }
  if (k === 0) return f - s * (f - r)
  return k * ln2High - (s * (f - r) - k * ln2Low - f)
}

/**
 * x to the power of y for x >= 0, as exp(y log x): its relative error grows with the result's
 * exponent, to at most (2 + |y log x|) 2^-52. NaN for x below 0, unless y is 0.
 */
export function portablePow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1
  if (y === 1) return x
  return portableExp(y * portableLog(x))
}
