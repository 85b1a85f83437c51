import { randomStream } from '@llmsim/engine'

/**
 * A Latin hypercube: of `count` points in `[0, 1)^dimensions`, exactly one lies in each of `count` equal
 * strips of every dimension (McKay, Beckman and Conover, Technometrics 21, 1979). Each dimension has a
 * random stream of its own, so that one more leaves the others as they are.
 */
export function latinHypercube(count: number, dimensions: number, seed: number): number[][] {
  const columns = Array.from({ length: dimensions }, (_, dimension) => {
    const stream = randomStream(seed, `latin-hypercube-${dimension}`)
    const strips = Array.from({ length: count }, (_, strip) => strip)
    for (let last = count - 1; last > 0; last--) {
      const other = stream.nextInt(last + 1)
      const held = strips[last] ?? 0
      strips[last] = strips[other] ?? 0
      strips[other] = held
    }
    return strips.map((strip) => Math.min((strip + stream.next()) / count, 1 - 2 ** -53))
  })
  return Array.from({ length: count }, (_, index) => columns.map((column) => column[index] ?? 0))
}
