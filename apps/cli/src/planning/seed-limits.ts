import { figure, percent } from '../output/figures.js'
import type { CapacityAnswer, SeedCapacity } from './capacity-study.js'

/** What the seeds of a capacity search come to, a line each: the interval, and which seeds are not in it. */
export function seedLines(
  { perSeed, interval }: CapacityAnswer,
  level: number,
  unit: string,
): string {
  if (perSeed.length < 2) return ''
  const of = (limit: SeedCapacity['limit']): readonly SeedCapacity[] =>
    perSeed.filter((each) => each.limit === limit)
  const found = of('found')
  const all = of('all met')
  const none = of('none met')
  const count = found.length === perSeed.length ? '' : `${found.length} of `
  const lines = [
    interval === undefined
      ? found.map(({ load }) => `${named(found)}: ${figure(load)} ${unit}`)
      : `${percent(level)} interval over ${count}${perSeed.length} seeds: ` +
        `${figure(interval.mean)} ± ${figure(interval.halfWidth)} ${unit}`,
    all.length === 0 ? [] : `${named(all)}: every load up to ${lowest(all)} ${unit} meets them`,
    none.length === 0 ? [] : `${named(none)}: no load that was tried meets them`,
  ]
  return lines
    .flat()
    .map((line) => `${line}\n`)
    .join('')
}

function named(seeds: readonly SeedCapacity[]): string {
  return `With seed${seeds.length === 1 ? '' : 's'} ${seeds.map(({ seed }) => seed).join(', ')}`
}

function lowest(seeds: readonly SeedCapacity[]): string {
  return figure(Math.min(...seeds.map(({ load }) => load)))
}
