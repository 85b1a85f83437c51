const bars = '▁▂▃▄▅▆▇█'

/**
 * A row of bars for values from 0 up, `width` of them at most; each stands for the mean of its stretch. The
 * lowest bar is 0, the highest the largest mean.
 */
export function sparkline(values: readonly number[], width: number): string {
  const size = Math.min(width, values.length)
  const heights = Array.from({ length: size }, (_, column) => {
    const from = Math.floor((column * values.length) / size)
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / size))
    const stretch = values.slice(from, to)
    return stretch.reduce((sum, value) => sum + value, 0) / stretch.length
  })
  const most = Math.max(0, ...heights)
  return heights
    .map((height) => bars[most > 0 ? Math.round((height / most) * (bars.length - 1)) : 0] ?? '')
    .join('')
}
