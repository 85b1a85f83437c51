import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WindowTally } from './window-tally.js'

type Kind = 'sliding' | 'chunked'

/** What a position sees that has `context` tokens, itself included. */
function seenAt(kind: Kind, window: number, context: number): number {
  return kind === 'sliding' ? Math.min(context, window) : ((context - 1) % window) + 1
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

const events = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('join' as const), amount: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant('leave' as const), amount: fc.nat(20) }),
    fc.record({ kind: fc.constant('advance' as const), amount: fc.integer({ min: 1, max: 30 }) }),
  ),
  { maxLength: 60 },
)

describe.each(['sliding', 'chunked'] as const)('a %s window', (kind) => {
  it('sums what each decoder sees, and knows for how long that grows evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), events, (window, drawn) => {
        const tally = new WindowTally({ tokens: window, kind })
        let contexts: number[] = []
        const seenIn = (steps: number): number =>
          sum(contexts.map((kv) => seenAt(kind, window, kv + 1 + steps)))
        for (const { kind: event, amount } of drawn) {
          if (event === 'join') {
            contexts.push(amount)
            tally.join(amount)
          } else if (event === 'advance') {
            contexts = contexts.map((kv) => kv + amount)
            tally.advance(amount)
          } else if (contexts.length > 0) {
            const [gone] = contexts.splice(amount % contexts.length, 1)
            tally.leave(gone!)
          }
          tally.fill(true)
          const { context, growing, steps } = tally.work
          expect(context).toBe(seenIn(0))
          for (let k = 0; k < Math.min(steps, 40); k++)
            expect(context + k * growing).toBe(seenIn(k))
          // No sooner than it must.
          if (steps < 40) expect(context + steps * growing).not.toBe(seenIn(steps))
        }
      }),
    )
  })

  it('counts the token pairs of a prompt, whole or in chunks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 }),
        (window, chunks) => {
          const tally = new WindowTally({ tokens: window, kind })
          let done = 0
          let pairs = 0
          for (const tokens of chunks) {
            tally.addChunk(tokens, done)
            for (let i = 1; i <= tokens; i++) pairs += seenAt(kind, window, done + i)
            done += tokens
          }
          expect(tally.work.pairs).toBe(pairs)
        },
      ),
    )
  })
})

it('sees nothing in a step that does not decode', () => {
  const tally = new WindowTally({ tokens: 8, kind: 'sliding' })
  tally.join(3)
  tally.fill(false)
  expect(tally.work).toMatchObject({ context: 0, growing: 0 })
})
