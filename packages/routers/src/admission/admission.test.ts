import type { AdmissionRequest, AdmissionView } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { admissionPolicies, always, queueLimit, shed, tokenBucket } from './index.js'

const request: AdmissionRequest = {
  arrivalSeconds: 0,
  promptTokens: 100,
  maxOutputTokens: Infinity,
  sessionId: -1,
  priority: 0,
  className: undefined,
  tenantId: -1,
  retries: 0,
}
const idle: AdmissionView = {
  nowSeconds: 0,
  outstanding: 0,
  queued: 0,
  queueDelaySeconds: 0,
  usedBlocks: 0,
  totalBlocks: 100,
}
const random = (): number => 0.5

describe('token-bucket', () => {
  const bucket = (extra: Record<string, unknown>) => tokenBucket.create({ random, extra })

  it('lets a burst in, and then so many a second', () => {
    const policy = bucket({ rate: 2, burst: 3 })
    const at = (nowSeconds: number) => policy.admit(request, { ...idle, nowSeconds })
    expect([at(0), at(0), at(0), at(0)]).toEqual([true, true, true, 'rate limit'])
    expect([at(0.5), at(0.5), at(0.75), at(1)]).toEqual([true, 'rate limit', 'rate limit', true])
    // Idle, it fills to its burst and no further.
    expect([at(99), at(99), at(99), at(99)]).toEqual([true, true, true, 'rate limit'])
  })

  it('counts tokens, and lets the largest request through when it is full', () => {
    const policy = bucket({ rate: 100, burst: 200, unit: 'tokens' })
    const send = (nowSeconds: number, promptTokens: number, maxOutputTokens = Infinity) =>
      policy.admit({ ...request, promptTokens, maxOutputTokens }, { ...idle, nowSeconds })
    expect([send(0, 100), send(0, 60, 40), send(0, 1)]).toEqual([true, true, 'rate limit'])
    expect([send(2, 1000), send(3, 1), send(10, 1), send(10.1, 1)]).toEqual([
      true,
      'rate limit',
      'rate limit',
      true,
    ])
  })

  it('keeps tenants apart', () => {
    const policy = bucket({ rate: 1, burst: 1, per_tenant: true })
    const from = (tenantId: number) => policy.admit({ ...request, tenantId }, idle)
    expect([from(0), from(1), from(0), from(-1)]).toEqual([true, true, 'rate limit', true])
  })

  it('never lets in more than the burst and the rate times the time', () => {
    const gaps = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(
        gaps,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        (all, rate, burst) => {
          const policy = bucket({ rate, burst })
          let nowSeconds = 0
          let admitted = 0
          for (const gap of all) {
            nowSeconds += gap
            if (policy.admit(request, { ...idle, nowSeconds }) === true) admitted++
            expect(admitted).toBeLessThanOrEqual(burst + rate * nowSeconds + 1e-9)
          }
        },
      ),
      { seed: 1, numRuns: 200 },
    )
  })
})

describe('queue-limit', () => {
  it('refuses while so many wait', () => {
    const policy = queueLimit.create({ random, extra: { max_queued: 3 } })
    expect(policy.admit(request, { ...idle, queued: 2 })).toBe(true)
    expect(policy.admit(request, { ...idle, queued: 3 })).toBe('queue full')
  })
})

describe('shed', () => {
  it('refuses each class from a load of its own on', () => {
    const policy = shed.create({ random, extra: { limits: { batch: 1, chat: 5 }, otherwise: 9 } })
    const admit = (className: string | undefined, queueDelaySeconds: number) =>
      policy.admit({ ...request, className }, { ...idle, queueDelaySeconds })
    expect([admit('batch', 0.9), admit('batch', 1), admit('chat', 1)]).toEqual([
      true,
      'overload',
      true,
    ])
    expect([admit('chat', 5), admit(undefined, 5), admit(undefined, 9)]).toEqual([
      'overload',
      true,
      'overload',
    ])
  })

  it('goes by priority, and by other signals', () => {
    const byPriority = { by: 'priority', limits: { '-1': 10 } }
    const outstanding = shed.create({ random, extra: { ...byPriority, signal: 'outstanding' } })
    const low = { ...request, priority: -1 }
    expect(outstanding.admit(low, { ...idle, outstanding: 10 })).toBe('overload')
    expect(outstanding.admit(request, { ...idle, outstanding: 10 })).toBe(true)
    const memory = shed.create({ random, extra: { signal: 'kv-use', otherwise: 0.9 } })
    expect(memory.admit(request, { ...idle, usedBlocks: 89 })).toBe(true)
    expect(memory.admit(request, { ...idle, usedBlocks: 90 })).toBe('overload')
  })
})

describe('admission policies', () => {
  it('have names, descriptions and options, and make policies of that name', () => {
    const required: Record<string, Record<string, unknown>> = { 'token-bucket': { rate: 1 } }
    for (const factory of admissionPolicies) {
      expect(factory.name).toMatch(/^[a-z-]+$/)
      expect(factory.description).toMatch(/\.$/)
      expect(factory.options).toBeDefined()
      expect(factory.create({ random, extra: required[factory.name] ?? {} }).name).toBe(
        factory.name,
      )
    }
    expect(always.create({ random, extra: {} }).admit(request, idle)).toBe(true)
  })

  it.each([
    [tokenBucket, {}, 'rate: is required'],
    [tokenBucket, { rate: -1 }, 'rate: is too small'],
    [tokenBucket, { rate: 'fast' }, 'rate: is not a number'],
    [tokenBucket, { burst: 3 }, 'rate: is required'],
    [tokenBucket, { rate: 1, unit: 'words' }, 'unit: is not one of the accepted values'],
    [tokenBucket, { rate: 1, per_tenant: 'yes' }, 'per_tenant: is neither true nor false'],
    [queueLimit, { max_queued: 'many' }, 'max_queued: is not a number'],
    [queueLimit, { max_queued: -1 }, 'max_queued: is too small; given -1; accepted: a number'],
    [shed, { limits: [1] }, 'limits: is not an object'],
    [shed, { limits: { chat: 'high' } }, 'limits.chat: is not a number'],
    [shed, { limits: { chat: -1 } }, 'limits.chat: is too small'],
    [shed, { signal: 'kv-us' }, 'signal: is not one of the accepted values'],
  ])('refuse an option: %o %o', (factory, extra, fault) => {
    expect(() => factory.create({ random, extra })).toThrow(`admission.options.${fault}`)
  })
})
