import { describe, expect, test } from 'vitest'
import { changedRows, newCounts, type TraceOptions } from './trace-options.js'
import { newRow, type TraceRow } from './trace-row.js'
import { columnStream } from './trace-source.js'
import { traceFigures } from './trace-statistics.js'

const arrivals = [0, 0, 0, 3, 3, 9]

function changed(options: TraceOptions, at = arrivals): { rows: number[][]; counts: object } {
  const counts = newCounts()
  const stream = changedRows(
    columnStream({
      arrivalSeconds: Float64Array.from(at),
      promptTokens: Int32Array.from(at, (_, i) => 10 * (i + 1)),
      outputTokens: Int32Array.from(at, () => 5),
    }),
    options,
    counts,
  )
  const rows: number[][] = []
  const row = newRow()
  while (stream.next(row)) rows.push([row.arrivalSeconds, row.promptTokens, row.outputTokens])
  return { rows, counts }
}

describe('changedRows', () => {
  test('changes nothing without options', () => {
    expect(changed({}).rows.map(([at]) => at)).toEqual(arrivals)
  })

  test('takes a window, and counts from its start', () => {
    const { rows, counts } = changed({ windowSeconds: [3, 9] })
    expect(rows).toEqual([
      [0, 40, 5],
      [0, 50, 5],
    ])
    expect(counts).toEqual({ outside: 4, cut: 0, dropped: 0 })
  })

  test('reads no further than the window when nobody asks for counts', () => {
    let read = 0
    const endless = {
      next(into: TraceRow): boolean {
        into.arrivalSeconds = read++
        return true
      },
    }
    const stream = changedRows(endless, { windowSeconds: [2, 5] })
    const row = newRow()
    const times: number[] = []
    while (stream.next(row)) times.push(row.arrivalSeconds)
    expect(times).toEqual([0, 1, 2])
    expect(read).toBe(6)
  })

  test('divides times by the speed', () => {
    expect(changed({ speed: 3 }).rows.map(([at]) => at)).toEqual([0, 0, 0, 1, 1, 3])
  })

  test('spreads requests of one time over the tick, in order', () => {
    const { rows } = changed({ spreadTickSeconds: 3 })
    const times = rows.map(([at]) => at!)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.map((at) => Math.floor(at / 3) * 3)).toEqual(arrivals)
    expect(new Set(times).size).toBe(6)
    expect(rows.map(([, prompt]) => prompt)).toEqual([10, 20, 30, 40, 50, 60])
  })

  test('makes quantised Poisson arrivals Poisson again', () => {
    let seed = 1
    let clock = 0
    const exact = Array.from({ length: 20_000 }, () => {
      seed = (seed * 48_271) % 2_147_483_647
      return (clock += -Math.log(seed / 2_147_483_647) / 3)
    })
    const ticks = Float64Array.from(exact, (at) => Math.floor(at / 3) * 3)
    const columns = {
      arrivalSeconds: ticks,
      promptTokens: new Int32Array(ticks.length).fill(1),
      outputTokens: new Int32Array(ticks.length).fill(1),
    }
    expect(traceFigures(columnStream(columns)).gapCv).toBeGreaterThan(2.5)
    const spread = traceFigures(changedRows(columnStream(columns), { spreadTickSeconds: 3 }))
    expect(spread.gapCv).toBeCloseTo(1, 1)
    expect(spread.ratePerSecond / 3).toBeCloseTo(1, 1)
  })

  test('repeats or thins requests by the rate scale, with the first at its time', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => i)
    expect(changed({ rateScale: 3 }, many).rows).toHaveLength(30_000)
    const times = changed({ rateScale: 2.5 }, many).rows.map(([at]) => at!)
    expect(times.length / 25_000).toBeCloseTo(1, 1)
    expect(times.every((at, i) => i === 0 || at >= times[i - 1]!)).toBe(true)
    const half = changed({ rateScale: 0.5 }, many).rows
    expect(half.length / 5000).toBeCloseTo(1, 1)
    expect(half.every(([at]) => Number.isInteger(at))).toBe(true)
    expect(changed({ rateScale: 0.5 }, many).rows).toEqual(half)
    expect(changed({ rateScale: 0.5, seed: 1 }, many).rows).not.toEqual(half)
  })

  test('cuts or drops over-long requests, and counts them', () => {
    const cut = changed({ maxPromptTokens: 45, maxTotalTokens: 48 })
    expect(cut.rows.map(([, prompt, output]) => [prompt, output])).toEqual([
      [10, 5],
      [20, 5],
      [30, 5],
      [40, 5],
      [45, 3],
      [45, 3],
    ])
    expect(cut.counts).toMatchObject({ cut: 2, dropped: 0 })
    const dropped = changed({ maxTotalTokens: 40, overLong: 'drop' })
    expect(dropped.rows).toHaveLength(3)
    expect(dropped.counts).toMatchObject({ cut: 0, dropped: 3 })
  })

  test.each([
    [{ speed: 0 }, 'speed: is out of range; given 0'],
    [{ speed: NaN }, 'speed'],
    [{ rateScale: 1001 }, 'rateScale'],
    [{ spreadTickSeconds: -1 }, 'spreadTickSeconds'],
    [{ windowSeconds: [5, 5] as const }, 'windowSeconds'],
    [{ maxPromptTokens: 0.5 }, 'maxPromptTokens'],
    [{ maxTotalTokens: 1 }, 'maxTotalTokens'],
    [{ overLong: 'keep' as 'cut' }, 'overLong'],
    [{ seed: 0.5 }, 'seed'],
  ])('refuses %j', (options, message) => {
    expect(() => changed(options)).toThrow(message)
  })
})
