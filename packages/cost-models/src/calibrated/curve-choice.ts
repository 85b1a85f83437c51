import { bytesPerElement, numberFormats, type NumberFormat } from '@llmsim/contracts'

/**
 * The curve of a number format, or of the measured one nearest to it in width (the wider of two as
 * near): shares of a peak carry over between formats better than between kernels.
 */
export function curveOf<Curve>(
  curves: Readonly<Partial<Record<NumberFormat, Curve>>>,
  format: NumberFormat,
): Curve | undefined {
  const own = curves[format]
  if (own !== undefined) return own
  const width = bytesPerElement[format]
  let nearest: Curve | undefined
  let least = Infinity
  for (const other of numberFormats) {
    const curve = curves[other]
    if (curve === undefined) continue
    const ratio = bytesPerElement[other] / width
    const distance = ratio < 1 ? 1 / ratio : ratio
    if (distance < least) {
      least = distance
      nearest = curve
    }
  }
  return nearest
}
