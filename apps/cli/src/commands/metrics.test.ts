import type { SimulationResult } from '@llmsim/contracts'
import type { RecordMetrics } from '@llmsim/metrics'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { llmsim } from '../testing/captured-io.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const classes =
  'workload.classes=[{"name":"chat","tenant":"day"},{"name":"batch","tenant":"night"}]'

describe('llmsim metrics', () => {
  it.each(['csv', 'jsonl.gz', 'parquet'])(
    'gives of a run’s records in .%s the statistics of the run',
    async (ending) => {
      const line =
        'run --model llama3-8b --xpu h100 --num-requests 60 --arrival-rate 8 --exact-quantiles ' +
        `--quiet --slo-ttft 60ms --slo-e2e p90=2s --output o.json --requests-output r.${ending} --set`
      await llmsim([...line.split(' '), classes], folder)
      const run = JSON.parse(readFileSync(path.join(folder, 'o.json'), 'utf8')) as SimulationResult
      const { code, stdout } = await llmsim(
        `metrics r.${ending} --slo-ttft 60ms --slo-e2e p90=2s --format json`.split(' '),
        folder,
      )
      expect(code).toBe(0)
      const measured = JSON.parse(stdout) as RecordMetrics
      for (const latency of [
        'first_token_latency',
        'end_to_end_latency',
        'time_per_output_token',
        'queue_time',
      ] as const)
        for (const quantile of ['mean', 'min', 'p50', 'p99', 'p999', 'max'] as const)
          expect(measured[latency][quantile]).toBeCloseTo(run[latency][quantile]!, 12)
      expect(measured.objectives).toEqual(run.objectives)
      expect(measured.fairness).toEqual(run.fairness)
      const chat = (groups: RecordMetrics['classes']) =>
        groups!.find(({ name }) => name === 'chat')!
      expect(chat(measured.classes).end_to_end_latency.mean).toBeCloseTo(
        chat(run.classes).end_to_end_latency.mean!,
        12,
      )
    },
  )

  it('reads the log of a server, and prints a table', async () => {
    const rows = [0, 1, 2].map((i) =>
      JSON.stringify({
        input_toks: 10,
        output_toks: 5,
        queued_ts: 100 + i,
        scheduled_ts: 100.5 + i,
        first_token_ts: 101 + i,
        last_token_ts: 103 + i,
      }),
    )
    writeFileSync(path.join(folder, 'log.jsonl'), rows.join('\n'))
    const { code, stdout } = await llmsim(['metrics', 'log.jsonl'], folder)
    expect(code).toBe(0)
    expect(stdout).toMatch(/first token \(TTFT\) +1 s/)
    expect(stdout).toMatch(/in the queue +500 ms/)
  })

  it.each([
    ['none.csv', '', 'cannot be read'],
    ['a.txt', 'x', 'has no known ending'],
    ['a.csv', 'arrival_s,prompt_tokens\n1,2\n', 'a.csv: record 1: has no number of first_token_s'],
    ['a.jsonl', '{}\nnothing', 'a.jsonl: line 2: is no JSON object'],
    ['empty.csv', 'arrival_s\n', 'there are none'],
  ])('refuses %s', async (name, text, message) => {
    if (text !== '') writeFileSync(path.join(folder, name), text)
    const { code, stderr } = await llmsim(['metrics', name], folder)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
