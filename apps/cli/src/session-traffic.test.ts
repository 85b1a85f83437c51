import type { LengthsSection, WorkloadSection } from '@llmsim/contracts'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { loadRegistries } from './registries.js'
import { resolveScenario } from './scenario/resolve-scenario.js'
import { llmsim } from './testing/captured-io.js'
import { trafficOf } from './traffic.js'

const twenty = { turns: { distribution: 'fixed', mean: 20 }, think_time_s: 1 } as const
const lengths: WorkloadSection = { avg_input_length: 200, avg_output_length: 60 }
const fixed: LengthsSection = { distribution: 'fixed', mean: 800 }

/** The prompts of the first sessions, whose answers come at once. */
async function prompts(workload: WorkloadSection): Promise<number[][]> {
  const scenario = { model: 'llama3-8b', cluster: { xpu: 'h100' }, workload }
  const registries = await loadRegistries({}, '.')
  const resolved = resolveScenario(scenario, registries, [])
  // What is resolved stays as it is.
  expect(resolveScenario(resolved, registries, []).workload).toEqual(resolved.workload)
  const source = (await trafficOf(resolved, [])).source()
  const sessions: number[][] = []
  const into = { arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: -1, priority: 0 }
  for (let i = 0; i < 6000 && source.next(into); i++) {
    ;(sessions[into.sessionId] ??= []).push(into.promptTokens)
    source.completed?.(into.sessionId, into.arrivalSeconds)
  }
  return sessions.slice(0, 40)
}

describe('the calls of sessions', () => {
  it.each([
    { length_distribution: 'lognormal' },
    { length_distribution: 'fixed' },
    { max_input_length: 250 },
    { max_input_length: 100_000 },
  ] satisfies WorkloadSection[])('are as many as turns says, with %j', async (more) => {
    const sessions = await prompts({ ...lengths, ...more, sessions: twenty })
    expect(new Set(sessions.map((calls) => calls.length))).toEqual(new Set([20]))
  })

  it('add to the conversation at most the longest input', async () => {
    const [first] = await prompts({
      avg_input_length: 200,
      max_input_length: 250,
      output_lengths: { distribution: 'fixed', mean: 1 },
      sessions: twenty,
    })
    const added = first!.map((tokens, i) => tokens - (i === 0 ? 0 : first![i - 1]! + 1))
    expect(Math.max(...added)).toBeLessThanOrEqual(250)
  })

  it('begin with all of the first input', async () => {
    const sessions = await prompts({
      ...lengths,
      length_distribution: 'fixed',
      sessions: { ...twenty, first_input_lengths: fixed },
    })
    for (const calls of sessions)
      expect([calls[0], calls[1], calls.length]).toEqual([1000, 1260, 20])
  })

  it.each([
    // 8192 tokens of context: 260 more with each call.
    [{}, 31],
    [{ max_total_length: 1000 }, 3],
  ])('end before the longest request, with %j', async (more, calls) => {
    const sessions = await prompts({
      ...lengths,
      ...more,
      length_distribution: 'fixed',
      sessions: { ...twenty, turns: { distribution: 'fixed', mean: 40 } },
    })
    expect(new Set(sessions.map((each) => each.length))).toEqual(new Set([calls]))
  })

  it('are said to be fewer where most of them do not fit', async () => {
    const flags = `--model llama3-8b --xpu h100 --num-requests 3 --length-distribution fixed --avg-input-length 200 --avg-output-length 60 --set workload.sessions=${JSON.stringify(twenty)}`
    const enough = await llmsim(flags.split(' '), tmpdir())
    expect(enough.stderr).not.toContain('max_total_length')
    const few = await llmsim(`${flags} --max-total-length 1000`.split(' '), tmpdir())
    expect([few.code, few.stderr]).toEqual([
      0,
      expect.stringContaining('sessions would come to 5,200 tokens on average') as string,
    ])
  })

  it('have a longest request, which other requests without a trace have not', async () => {
    const { code, stderr } = await llmsim(
      '--model llama3-8b --xpu h100 --max-total-length 1000'.split(' '),
      tmpdir(),
    )
    expect(code).toBe(2)
    expect(stderr).toContain('workload.max_total_length (--max-total-length): is for a trace or s')
  })
})
