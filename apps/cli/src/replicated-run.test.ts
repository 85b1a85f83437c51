import { ResultsDocument } from '@llmsim/contracts'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { llmsim, type Outcome } from './testing/captured-io.js'

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
})

const run = (line: string): Promise<Outcome> => llmsim(line.split(' '), cwd)
const resultsOf = async (line: string): Promise<ResultsDocument> => {
  const { code, stdout, stderr } = await run(`${line} --format json`)
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return ResultsDocument.parse(JSON.parse(stdout))
}

const scenario = '--model llama3-8b --xpu h100 --arrival-rate 5 --num-requests 100'

describe('--replications', () => {
  it('gives the mean, spread and interval of the runs with the seeds from the first on', async () => {
    const { replications, ...results } = await resultsOf(`${scenario} --seed 7 --replications 3`)
    const alone = await Promise.all(
      [7, 8, 9].map((seed) => resultsOf(`${scenario} --seed ${seed}`)),
    )
    expect(results).toEqual(alone[0])
    expect(replications?.seeds).toEqual([7, 8, 9])
    const values = alone.map(({ throughput }) => throughput.tokens_per_sec)
    const mean = values.reduce((sum, value) => sum + value, 0) / 3
    const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2)
    const tokens = replications?.figures['throughput.tokens_per_sec']
    expect(tokens?.mean).toBeCloseTo(mean, 8)
    expect(tokens?.std).toBeCloseTo(std, 8)
    // Student's t for two degrees of freedom.
    expect(tokens?.half_width).toBeCloseTo((4.302652729911275 * std) / Math.sqrt(3), 8)
    expect(std).toBeGreaterThan(0)
  })

  it('gives the same bytes on one thread and on several', async () => {
    const several = await run(`${scenario} --replications 4 --format json`)
    const one = await run(`${scenario} --replications 4 --jobs 1 --format json`)
    expect(several.stdout).toBe(one.stdout)
  })

  it('prints the intervals in 80 columns', async () => {
    const { stdout } = await run(`${scenario} --replications 3`)
    expect(stdout).toMatch(/Over 3 seeds .*\n.*mean +95 % interval\n *output tokens\/s .* ± /)
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('warns where the seeds change nothing', async () => {
    writeFileSync(
      path.join(cwd, 'trace.csv'),
      'arrived_at,num_prefill_tokens,num_decode_tokens\n0,100,10\n1,200,20\n2,50,5\n',
    )
    const { code, stderr } = await run(
      '--model llama3-8b --xpu h100 --trace trace.csv --replications 2',
    )
    expect(code).toBe(0)
    expect(stderr).toContain('no figure differs between the seeds')
  })

  it.each([
    [`${scenario} --replications 0`, '--replications: is out of range'],
    [`${scenario} --replications two`, '--replications'],
    [`${scenario} --replications 2 --jobs 0`, '--jobs: is out of range'],
    [`${scenario} --jobs 2`, '--jobs: says how many threads'],
    [`${scenario} --seed ${Number.MAX_SAFE_INTEGER} --replications 2`, 'leaves no seeds'],
  ])('refuses %s', async (line, message) => {
    const { code, stdout, stderr } = await run(line)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })
})
