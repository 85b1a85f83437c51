import { duration, figure } from './figures.js'

const columns = 60
const rows = 6

/** The rate of requests over time in ASCII, 80 columns at most; empty where there is no time. */
export function ratePlot({
  rates,
  binSeconds,
  spanSeconds,
}: {
  readonly rates: readonly number[]
  readonly binSeconds: number
  readonly spanSeconds: number
}): string {
  if (rates.length < 2) return ''
  const width = Math.min(columns, rates.length)
  const heights = Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * rates.length) / width)
    const to = Math.max(from + 1, Math.floor(((column + 1) * rates.length) / width))
    const bins = rates.slice(from, to)
    return bins.reduce((sum, rate) => sum + rate, 0) / bins.length
  })
  const most = Math.max(...heights)
  const label = figure(most)
  const lines = Array.from({ length: rows }, (_, row) => {
    const level = rows - row
    const bars = heights.map((height) => barAt((height / most) * rows, level)).join('')
    const mark = row === 0 ? label : row === rows - 1 ? '0' : ''
    return `${mark.padStart(10)} |${bars}`.trimEnd()
  })
  const end = duration(spanSeconds)
  const axis = `${' '.repeat(10)} +${'-'.repeat(width)}`
  const times = `${' '.repeat(12)}0${end.padStart(Math.max(0, width - 1))}`
  return `requests/s, in stretches of ${duration((binSeconds * rates.length) / width)}\n${lines.join('\n')}\n${axis}\n${times}\n`
}

function barAt(height: number, level: number): string {
  if (height >= level) return '#'
  if (height >= level - 0.5) return '='
  return height > level - 1 && (level > 1 || height > 0) ? '.' : ' '
}
