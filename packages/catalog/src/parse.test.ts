import { Accelerator, isSimulatorError } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { parseWith } from './parse.js'

const Cluster = z.strictObject({
  n_nodes: z.int().positive(),
  xpu: z.string(),
  utilization: z.number().positive().max(1).optional(),
  policy: z.enum(['fcfs', 'priority']).default('fcfs'),
  slots: z.union([z.number().positive(), z.literal('auto')]).optional(),
  attention: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('gqa'), heads: z.int().positive() }),
      z.strictObject({ kind: z.literal('mla'), rank: z.int() }),
    ])
    .optional(),
  stages: z
    .array(z.strictObject({ rate: z.number().nonnegative() }))
    .min(1)
    .optional(),
  label: z
    .string()
    .regex(/^[a-z]+$/, 'lower-case letters')
    .optional(),
  code: z
    .string()
    .regex(/^[A-Z]$/)
    .optional(),
  page: z.url().optional(),
  targets: z.partialRecord(z.enum(['p50', 'p99']), z.number()).optional(),
  range: z
    .strictObject({ low: z.number(), high: z.number() })
    .refine(({ low, high }) => low <= high, {
      message: 'low is above high',
      params: { code: 'CONFLICT', accepted: 'low at most high' },
    })
    .optional(),
  source: z
    .union([
      z.string(),
      z.strictObject({ file: z.string() }),
      z.strictObject({ rate: z.number(), burst: z.number() }),
    ])
    .optional(),
  lengths: z
    .union([
      z.strictObject({ kind: z.literal('bins'), bins: z.array(z.number()).min(1) }),
      z.strictObject({ kind: z.enum(['fixed', 'normal']).optional(), std: z.number().min(0) }),
    ])
    .optional(),
  block: z.int().multipleOf(16).optional(),
  pair: z.tuple([z.number(), z.number()]).optional(),
  limit: z.number().min(1).nullable().optional(),
})

function failure(value: unknown): object {
  try {
    parseWith(Cluster, value, { path: 'cluster' })
  } catch (error) {
    if (isSimulatorError(error)) {
      const { code, path, accepted, nearest, given } = error
      return { code, path, accepted, nearest, given, message: error.message }
    }
    throw error
  }
  throw new Error('did not throw')
}

const valid = { n_nodes: 1, xpu: 'mi300x' }

describe('parseWith', () => {
  it('returns the value with its defaults', () => {
    expect(parseWith(Cluster, valid, { path: '' })).toEqual({ ...valid, policy: 'fcfs' })
  })

  it.each([
    [{ n_nodes: 0 }, 'n_nodes', 'a positive integer', 'is too small'],
    [{ n_nodes: 1.5 }, 'n_nodes', 'a positive integer', 'is not a whole number'],
    [{ n_nodes: '2' }, 'n_nodes', 'a positive integer', 'is not a number'],
    [{ n_nodes: NaN }, 'n_nodes', 'a positive integer', 'is not a finite number'],
    [{ n_nodes: Infinity }, 'n_nodes', 'a positive integer', 'is not a finite number'],
    [{ n_nodes: undefined }, 'n_nodes', 'a positive integer', 'is required'],
    [{ xpu: 3 }, 'xpu', 'text', 'is not text'],
    [{ n_nodes: 1e30 }, 'n_nodes', 'a positive integer, at most 9007199254740991', 'is too large'],
    [
      { attention: { kind: 'mla', rank: -1e30 } },
      'attention.rank',
      'an integer, at least -9007199254740991',
      'is too small',
    ],
    [{ utilization: 2 }, 'utilization', 'a number above 0 and at most 1', 'is too large'],
    [{ policy: 3 }, 'policy', 'one of: fcfs, priority', 'is not one of the accepted values'],
    [{ slots: -1 }, 'slots', 'a positive number, or auto', 'is too small'],
    [{ slots: 'aut' }, 'slots', 'a positive number, or auto', 'is not accepted'],
    [{ attention: {} }, 'attention.kind', 'one of: gqa, mla', 'is required'],
    [{ attention: { kind: 'mla' } }, 'attention.rank', 'an integer', 'is required'],
    [{ attention: 3 }, 'attention', 'an object whose kind is one of: gqa, mla', 'is not an object'],
    [
      { stages: [] },
      'stages',
      'a list of at least 1 item, each an object with the field rate',
      'is too short',
    ],
    [{ stages: [{ rate: 1 }, { rate: -1 }] }, 'stages[1].rate', 'a number of at least 0', 'small'],
    [{ label: 'A' }, 'label', 'lower-case letters', 'has the wrong form'],
    [{ code: 'a' }, 'code', 'text that matches /^[A-Z]$/', 'has the wrong form'],
    [{ page: 'a' }, 'page', 'a URL such as https://example.com/page', 'has the wrong form'],
    [{ source: { rate: 1 } }, 'source.burst', 'a number', 'is required'],
    [
      { source: 3 },
      'source',
      'text, or an object with the field file, or an object with the fields rate, burst',
      'is not accepted',
    ],
    [{ lengths: { std: -1 } }, 'lengths.std', 'a number of at least 0', 'is too small; given -1'],
    [
      { lengths: { kind: 'bins', bins: [] } },
      'lengths.bins',
      'a list of at least 1 item, each a number',
      'is too short; given []',
    ],
    [{ block: 17 }, 'block', 'an integer, a multiple of 16', 'is not a multiple of the step'],
    [{ pair: [1] }, 'pair', 'a list of 2 items', 'is too short'],
    [{ limit: 0 }, 'limit', 'a number of at least 1, or null', 'is too small'],
  ])('refuses %j', (fields, path, accepted, message) => {
    const error = failure({ ...valid, ...fields })
    expect(error).toMatchObject({ code: 'INVALID_VALUE', path: `cluster.${path}`, accepted })
    expect(error).toMatchObject({ message: expect.stringContaining(message) as unknown })
  })

  it.each([null, [], 'text', 3])('refuses %j in place of an object', (value) => {
    expect(failure(value)).toMatchObject({ code: 'INVALID_VALUE', path: 'cluster', given: value })
  })

  it.each([
    [{ n_node: 2, xpu: 'mi300x' }, 'n_node', ['n_nodes']],
    [{ ...valid, polcy: 'fcfs' }, 'polcy', ['policy']],
    [{ ...valid, attention: { kind: 'gqa', heads: 1, head: 1 } }, 'attention.head', ['heads']],
    [{ ...valid, source: { fil: 'x' } }, 'source.fil', ['file']],
    [{ ...valid, stages: [{ rate: 1, rte: 1 }] }, 'stages[0].rte', ['rate']],
    [{ ...valid, targets: { p90: 1, zzzzzz: 1 } }, 'targets.p90', ['p50', 'p99']],
    [{ ...valid, constructor: {} }, 'constructor', []],
    [{ ...valid, toString: 1 }, 'toString', []],
    [JSON.parse('{"n_nodes":1,"xpu":"a","__proto__":{"polluted":1}}'), '__proto__', []],
    [
      JSON.parse('{"n_nodes":1,"xpu":"a","stages":[{"rate":1,"__proto__":1}]}'),
      'stages[0].__proto__',
      [],
    ],
  ])('refuses a field that the schema does not have: %j', (value, path, nearest) => {
    expect(failure(value)).toMatchObject({
      code: 'UNKNOWN_FIELD',
      path: `cluster.${path}`,
      nearest,
    })
  })

  it('offers the nearest of fixed values', () => {
    expect(failure({ ...valid, policy: 'fcsf' })).toMatchObject({ nearest: ['fcfs'] })
    expect(failure({ ...valid, attention: { kind: 'gqqa' } })).toMatchObject({
      path: 'cluster.attention.kind',
      nearest: ['gqa'],
    })
  })

  it('takes code and accepted values from a refinement', () => {
    expect(failure({ ...valid, range: { low: 2, high: 1 } })).toMatchObject({
      code: 'CONFLICT',
      path: 'cluster.range',
      accepted: 'low at most high',
      given: { low: 2, high: 1 },
    })
  })

  it('says what an accelerator without number formats lacks', () => {
    const Peaks = z.strictObject({ peak_flop_per_s: Accelerator.shape.peak_flop_per_s })
    expect(() => parseWith(Peaks, { peak_flop_per_s: {} }, { path: '' })).toThrow(
      'peak_flop_per_s: has no number format; given {}; accepted: FLOP/s of at least one number format',
    )
  })

  it('names the file that the value came from', () => {
    expect(() => parseWith(Cluster, {}, { path: '', origin: 'a.json' })).toThrow(
      'n_nodes: is required (in a.json); accepted: a positive integer',
    )
  })

  it('refuses any JSON with an error of its own or returns what the schema makes of it', () => {
    const fields = fc.record(
      Object.fromEntries(Object.keys(Cluster.shape).map((key) => [key, fc.jsonValue()])),
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fields), (value) => {
        try {
          const parsed = parseWith(Cluster, value, { path: 'cluster' })
          expect(Cluster.parse(parsed)).toEqual(parsed)
        } catch (error) {
          expect(isSimulatorError(error)).toBe(true)
        }
      }),
    )
  })
})
