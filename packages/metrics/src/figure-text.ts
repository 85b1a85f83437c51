/** A number with at most four significant digits and thousands separators; `-` for none. */
export function figureText(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '-'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e15 || size < 1e-4) return value.toExponential(2)
  const digits = size >= 1000 ? 0 : Math.max(0, 3 - Math.floor(Math.log10(size)))
  const [whole = '', fraction] = value.toFixed(digits).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  const rest = (fraction ?? '').replace(/0+$/, '')
  return rest === '' ? grouped : `${grouped}.${rest}`
}

/** A count, in full. */
export function countText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A duration in the unit that suits it. */
export function durationText(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '-'
  if (seconds === 0) return '0 s'
  if (seconds < 1e-3) return `${figureText(seconds * 1e6)} µs`
  if (seconds < 1) return `${figureText(seconds * 1e3)} ms`
  return `${figureText(seconds)} s`
}

/** A share of one as a percentage. */
export function percentText(share: number | null | undefined): string {
  return share === null || share === undefined ? '-' : `${(share * 100).toFixed(1)} %`
}

/** A number with the prefix that suits it: `1.31 T`. */
export function prefixedText(value: number, unit: string): string {
  const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E']
  let scaled = value
  let index = 0
  while (Math.abs(scaled) >= 1000 && index < prefixes.length - 1) {
    scaled /= 1000
    index++
  }
  return `${figureText(scaled)} ${prefixes[index] ?? ''}${unit}`
}

/** US dollars. */
export function dollarsText(value: number | null | undefined): string {
  if (value === null || value === undefined) return '-'
  return `$${value >= 1000 ? figureText(value) : value.toFixed(2)}`
}
