import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'

interface Document {
  readonly simulation_time: number
  readonly pools: {
    readonly per_replica: { readonly utilization: number }[]
    readonly breakdown: {
      readonly step_s: number
      readonly barrier_s: number
      readonly operators: Record<string, number>
    }
  }[]
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0)

describe('a step that is cut short', () => {
  const faults = '--fault-every 3.01 --set faults.duration_s=0.2 --set faults.start_up_s=0.1'
  it.each([
    `--model llama3-8b --num-requests 60 ${faults}`,
    `--model llama3-8b --num-requests 60 --dp 2 ${faults}`,
    `--model llama3-8b --num-requests 60 --disaggregated ${faults}`,
    `--model qwen3-30b-a3b --num-requests 60 --attention-dp 2 --ep 2 ${faults}`,
    '--model llama3-8b --duration 5 --set drain_duration_s=0',
  ])('is as long in the breakdown as in the utilization: %s', async (flags) => {
    for (const way of ['', ' --step-by-step']) {
      const line = `${flags}${way} --xpu h100 --arrival-rate 8 --set breakdown=true --format json`
      const { stdout, stderr, code } = await llmsim(line.split(' '), '/')
      expect(code, stderr).toBe(0)
      const { pools, simulation_time: seconds } = JSON.parse(stdout) as Document
      for (const { per_replica, breakdown } of pools) {
        const busy = seconds * sum(per_replica.map(({ utilization }) => utilization))
        expect(breakdown.step_s).toBeCloseTo(busy, 8)
        const parts = sum(Object.values(breakdown.operators)) + breakdown.barrier_s
        expect(parts).toBeCloseTo(busy, 8)
      }
    }
  })
})
