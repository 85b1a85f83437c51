import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  allGather,
  allReduce,
  allToAll,
  hierarchicalAllReduce,
  reduceScatter,
  ringAllReduce,
  send,
  treeAllReduce,
} from './collectives.js'

const link = { bandwidthBytesPerSecond: 100e9, latencySeconds: 1e-6 }
const slow = { bandwidthBytesPerSecond: 10e9, latencySeconds: 5e-6 }

describe('collectives', () => {
  it('follow their closed forms', () => {
    expect(send(1e9, link)).toBeCloseTo(1e-6 + 0.01, 12)
    expect(allGather(8, 8e8, link)).toBeCloseTo(7e-6 + 7e-3, 12)
    expect(reduceScatter(8, 8e8, link)).toBe(allGather(8, 8e8, link))
    expect(allToAll(8, 8e8, link)).toBe(allGather(8, 8e8, link))
    expect(ringAllReduce(8, 8e8, link)).toBeCloseTo(14e-6 + 14e-3, 12)
    expect(treeAllReduce(8, 8e8, link)).toBeCloseTo(6e-6 + 16e-3, 12)
    expect(treeAllReduce(9, 0, link)).toBeCloseTo(8e-6, 12)
  })

  it('take the tree for small messages and the ring for large ones', () => {
    expect(allReduce(8, 1024, link)).toBe(treeAllReduce(8, 1024, link))
    expect(allReduce(8, 1e9, link)).toBe(ringAllReduce(8, 1e9, link))
  })

  it('send only a part over the slow links of a hierarchy', () => {
    const flat = allReduce(16, 1e8, slow)
    const layered = hierarchicalAllReduce(2, 8, 1e8, link, slow)
    expect(layered).toBeLessThan(flat)
    expect(hierarchicalAllReduce(1, 8, 1e8, link, slow)).toBe(allReduce(8, 1e8, link))
    const between = allReduce(2, 1e8 / 8, slow)
    expect(layered).toBeCloseTo(2 * allGather(8, 1e8, link) + between, 12)
  })

  it('cost nothing alone, and never less for more bytes or more ranks', () => {
    const grouped = [allGather, reduceScatter, allToAll, ringAllReduce, treeAllReduce, allReduce]
    const hierarchical = (ranks: number, bytes: number): number =>
      hierarchicalAllReduce(ranks, 8, bytes, link, slow)
    for (const collective of grouped) expect(collective(1, 1e9, link)).toBe(0)
    fc.assert(
      fc.property(
        fc.constantFrom(...grouped, hierarchical),
        fc.integer({ min: 1, max: 100 }),
        fc.nat(1e9),
        fc.nat(1e9),
        (collective, ranks, bytes, more) => {
          const seconds = collective(ranks, bytes, link)
          expect(collective(ranks, bytes + more, link)).toBeGreaterThanOrEqual(seconds)
          expect(collective(ranks + 1, bytes, link)).toBeGreaterThanOrEqual(seconds * (1 - 1e-15))
        },
      ),
    )
  })
})
