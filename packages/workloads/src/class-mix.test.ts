import { type RequestDraft, type RequestSource } from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { describe, expect, test } from 'vitest'
import { classMixSource, type ClassMix } from './class-mix.js'
import { lengthsSampler } from './histogram-lengths.js'
import { jointSampler } from './joint-lengths.js'
import { lengthFields } from './length-distribution.js'
import {
  sessionRows,
  sessionSource,
  syntheticSessions,
  type TraceSession,
} from './session-source.js'
import { newRow } from './trace-row.js'

function take(source: RequestSource, count: number): RequestDraft[] {
  const taken: RequestDraft[] = []
  while (taken.length < count) {
    const draft = { arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: 9, priority: 9 }
    if (!source.next(draft)) break
    taken.push(draft)
  }
  return taken
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

describe('histogramLengths', () => {
  test('draws bins by weight, and evenly within one', () => {
    const draw = lengthsSampler(
      {
        distribution: 'histogram',
        bins: [
          { tokens: 5, weight: 1 },
          { tokens: 7, weight: 0 },
          { tokens: 11, upTo: 14, weight: 3 },
        ],
      },
      randomStream(1, 'x'),
    )
    const counts = new Map<number, number>()
    for (let i = 0; i < 80_000; i++) {
      const tokens = draw()
      counts.set(tokens, (counts.get(tokens) ?? 0) + 1)
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([5, 11, 12, 13, 14])
    expect(counts.get(5)! / 20_000).toBeCloseTo(1, 1)
    expect(counts.get(13)! / 15_000).toBeCloseTo(1, 1)
  })

  test.each([
    [[], 'bins: has no weight'],
    [[{ tokens: 1, weight: 0 }], 'bins: has no weight'],
    [[{ tokens: 1, weight: -1 }], 'bins[0].weight: is out of range'],
    [[{ tokens: 0, weight: 1 }], 'bins[0]: is no range of tokens'],
    [[{ tokens: 5, upTo: 4, weight: 1 }], 'bins[0]'],
  ])('refuses %j', (bins, message) => {
    expect(() => lengthsSampler({ distribution: 'histogram', bins }, randomStream(1, 'x'))).toThrow(
      message,
    )
  })
})

test('names the fields of a section by its path', () => {
  const draw = (bins: { tokens: number; upTo?: number; weight: number }[]) => () =>
    lengthsSampler(
      { distribution: 'histogram', bins },
      randomStream(1, 'x'),
      lengthFields('sessions.turns', 'calls'),
    )
  expect(draw([{ tokens: 1, weight: 0 }])).toThrow(
    'sessions.turns.bins: has no weight above 0; given [0]',
  )
  expect(draw([{ tokens: 2, upTo: 1, weight: 1 }])).toThrow(
    'sessions.turns.bins[0]: is no range of calls',
  )
  expect(() =>
    lengthsSampler(
      { distribution: 'fixed', mean: 0.5 },
      randomStream(1, 'x'),
      lengthFields('sessions.turns', 'calls'),
    ),
  ).toThrow('sessions.turns.mean: is out of range; given 0.5; accepted: a number of calls')
})

describe('jointSampler', () => {
  test.each([-0.5, 0, 0.9])('log-normal lengths have a correlation of %d', (correlation) => {
    const draw = jointSampler(
      {
        joint: 'lognormal',
        input: { mean: 1000, std: 500 },
        output: { mean: 200, std: 200 },
        correlation,
      },
      randomStream(2, 'x'),
    )
    const pair = { promptTokens: 0, outputTokens: 0 }
    const inputs: number[] = []
    const outputs: number[] = []
    for (let i = 0; i < 50_000; i++) {
      draw(pair)
      inputs.push(Math.log(pair.promptTokens))
      outputs.push(Math.log(pair.outputTokens))
    }
    const a = mean(inputs)
    const b = mean(outputs)
    const product = mean(inputs.map((x, i) => (x - a) * (outputs[i]! - b)))
    const spread = Math.sqrt(
      mean(inputs.map((x) => (x - a) ** 2)) * mean(outputs.map((x) => (x - b) ** 2)),
    )
    expect(product / spread).toBeCloseTo(correlation, 1)
    expect(mean(inputs.map(Math.exp)) / 1000).toBeCloseTo(1, 1)
  })

  test('pairs stay together', () => {
    const pairs = [
      { promptTokens: 1, outputTokens: 10 },
      { promptTokens: 2, outputTokens: 20, weight: 3 },
    ]
    const draw = jointSampler({ joint: 'pairs', pairs }, randomStream(2, 'x'))
    const pair = { promptTokens: 0, outputTokens: 0 }
    let second = 0
    for (let i = 0; i < 10_000; i++) {
      draw(pair)
      expect(pair.outputTokens).toBe(10 * pair.promptTokens)
      if (pair.promptTokens === 2) second++
    }
    expect(second / 7500).toBeCloseTo(1, 1)
  })

  test('refuses a correlation beyond 1 and lengths out of range', () => {
    const sides = { input: { mean: 5, std: 1 }, output: { mean: 5, std: 1 } }
    const stream = randomStream(1, 'x')
    expect(() => jointSampler({ joint: 'lognormal', ...sides, correlation: 2 }, stream)).toThrow(
      'correlation: is out of range',
    )
    expect(() =>
      jointSampler({ joint: 'pairs', pairs: [{ promptTokens: 0, outputTokens: 1 }] }, stream),
    ).toThrow('pairs[0]')
  })
})

describe('classMixSource', () => {
  const mix: ClassMix = {
    arrivals: { process: 'poisson', ratePerSecond: 10 },
    classes: [
      {
        name: 'chat',
        weight: 3,
        priority: 1,
        input: { distribution: 'fixed', mean: 100 },
        output: { distribution: 'fixed', mean: 10 },
      },
      {
        name: 'batch',
        weight: 1,
        lengths: { joint: 'pairs', pairs: [{ promptTokens: 5000, outputTokens: 500 }] },
      },
    ],
    seed: 4,
  }

  test('mixes classes by weight, each with its own lengths and priority', () => {
    const drafts = take(classMixSource(mix), 40_000)
    const chat = drafts.filter(({ priority }) => priority === 1)
    const batch = drafts.filter(({ priority }) => priority === 0)
    expect(chat.length / 30_000).toBeCloseTo(1, 1)
    expect(new Set(chat.map(({ promptTokens }) => promptTokens))).toEqual(new Set([100]))
    expect(new Set(batch.map(({ outputTokens }) => outputTokens))).toEqual(new Set([500]))
    expect(drafts.at(-1)!.arrivalSeconds / 4000).toBeCloseTo(1, 1)
  })

  test('ends with its arrivals', () => {
    const load = {
      shape: 'steps',
      steps: [
        { seconds: 10, ratePerSecond: 1 },
        { seconds: 1, ratePerSecond: 0 },
      ],
      gaps: { process: 'constant' },
    } as const
    expect(take(classMixSource({ ...mix, arrivals: load }), 100)).toHaveLength(10)
  })
})

describe('sessions', () => {
  test('overlap in time order, each call after its answer and think time', () => {
    const sessions: TraceSession[] = [
      {
        startSeconds: 0,
        turns: [
          { promptTokens: 10, outputTokens: 100, thinkSeconds: 0 },
          { promptTokens: 120, outputTokens: 1, thinkSeconds: 5 },
        ],
      },
      { startSeconds: 3, turns: [{ promptTokens: 7, outputTokens: 1, thinkSeconds: 0 }] },
      { startSeconds: 9, turns: [] },
    ]
    let index = 0
    const rows = sessionRows(() => sessions[index++], { seconds: 1, secondsPerOutputToken: 0.01 })
    const row = newRow()
    const seen: number[][] = []
    while (rows.next(row))
      seen.push([row.arrivalSeconds, row.sessionId, row.promptTokens, row.thinkSeconds])
    // 0 + 1 s + 100 tokens of 10 ms + 5 s.
    expect(seen).toEqual([
      [0, 0, 10, -1],
      [3, 1, 7, -1],
      [7, 0, 120, 5],
    ])
  })

  test('drawn ones grow by what was said before', () => {
    const next = syntheticSessions({
      sessionsPerSecond: 2,
      turns: { distribution: 'uniform', mean: 5 },
      firstInput: { distribution: 'fixed', mean: 1000 },
      input: { distribution: 'fixed', mean: 50 },
      output: { distribution: 'fixed', mean: 20 },
      meanThinkSeconds: 10,
      maxPromptTokens: 1600,
      seed: 1,
    })
    const sessions = Array.from({ length: 5000 }, next)
    expect(Math.max(...sessions.map(({ turns }) => turns.length))).toBe(8)
    expect(sessions.at(-1)!.startSeconds / 2500).toBeCloseTo(1, 1)
    for (const { turns } of sessions)
      expect(turns.map(({ promptTokens }) => promptTokens)).toEqual(
        turns.map((_, turn) => 1050 + 70 * turn),
      )
    const thinking = sessions.flatMap(({ turns }) =>
      turns.slice(1).map((turn) => turn.thinkSeconds),
    )
    expect(mean(thinking) / 10).toBeCloseTo(1, 1)
    let index = 0
    const drafts = take(
      sessionSource(() => sessions[index++]),
      1e6,
    )
    expect(drafts).toHaveLength(sessions.reduce((sum, { turns }) => sum + turns.length, 0))
    expect(
      drafts.every((each, i) => i === 0 || each.arrivalSeconds >= drafts[i - 1]!.arrivalSeconds),
    ).toBe(true)
  })
})
