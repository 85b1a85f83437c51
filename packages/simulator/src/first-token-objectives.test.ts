import type { SimulationSpec } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { setObjectives } from './first-token-objectives.js'
import { RequestTable } from './request-table.js'

function limits(spec: Pick<SimulationSpec, 'objectives' | 'classes'>): readonly number[] {
  const table = new RequestTable(1)
  setObjectives(table, spec as SimulationSpec)
  return [table.firstTokenObjective, ...table.firstTokenObjectives]
}

const quantile = (limitSeconds: number, metric: 'ttft' | 'e2e' = 'ttft') => ({
  metric,
  quantile: 0.9,
  limitSeconds,
})

describe('setObjectives', () => {
  it('takes the limit of each request, or else the least of a quantile', () => {
    expect(limits({})).toEqual([Infinity])
    expect(limits({ objectives: { ttftSeconds: 2, percentiles: [quantile(1)] } })).toEqual([2])
    const percentiles = [quantile(3), quantile(0.5), quantile(0.1, 'e2e')]
    expect(limits({ objectives: { percentiles } })).toEqual([0.5])
  })

  it('takes those of the run for classes that have none of their own', () => {
    const classes = [
      { name: 'a' },
      { name: 'b', objectives: { ttftSeconds: 1 } },
      { name: 'c', objectives: { e2eSeconds: 9 } },
    ]
    expect(limits({ objectives: { ttftSeconds: 2 }, classes })).toEqual([2, 2, 1, Infinity])
  })
})
