/** Seconds of `[from, to]` that lie in the window `[start, end]`. */
export function overlapSeconds(from: number, to: number, start: number, end: number): number {
  const low = from > start ? from : start
  const high = to < end ? to : end
  return high > low ? high - low : 0
}
