import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { llmsim, type Outcome } from '../testing/captured-io.js'

const deployment = '--model llama3-8b --xpu l40s'
const trace = 'arrived_at,num_prefill_tokens,num_decode_tokens\n0,10,5\n1.5,20,1\n'
const otherTrace = `${trace}2,30,2\n`

let top = ''
beforeEach(() => {
  top = realpathSync(mkdtempSync(path.join(tmpdir(), 'llmsim-')))
  for (const folder of ['traces', 'out', 'work']) mkdirSync(path.join(top, folder))
  write('traces/t.csv', trace)
})

const write = (name: string, text: string): void => writeFileSync(path.join(top, name), text)
const read = (name: string): string => readFileSync(path.join(top, name), 'utf8')
const run = (line: string, folder = ''): Promise<Outcome> =>
  llmsim(line.split(' '), path.join(top, folder))
const traceOf = (text: string): unknown => JSON.parse(text).scenario.workload.trace

describe('the trace of a results file', () => {
  it('is found from where the results are, wherever they are written and read', async () => {
    await run(`${deployment} --trace traces/t.csv --output out/a.json`)
    expect(traceOf(read('out/a.json'))).toBe('../traces/t.csv')
    for (const [config, folder] of [
      ['out/a.json', ''],
      ['a.json', 'out'],
      ['../out/a.json', 'work'],
    ]) {
      const { code } = await run(`--config ${config} --output ${top}/out/b.json`, folder)
      expect(code).toBe(0)
      expect(read('out/b.json')).toBe(read('out/a.json'))
    }
    await run('--config out/a.json --output c.json')
    expect(traceOf(read('c.json'))).toBe('traces/t.csv')
  })

  it('starts from the current folder in what is printed', async () => {
    write('traces/s.yaml', 'model: llama3-8b\ncluster: {xpu: l40s}\nworkload: {trace: t.csv}')
    const line = '--config traces/s.yaml --format json'
    const { stdout } = await run(line)
    expect(traceOf(stdout)).toBe('traces/t.csv')
    write('out/a.json', stdout)
    expect((await run('--config out/a.json --format json')).stdout).toBe(stdout)
    const compared = await run('compare --format json traces/s.yaml')
    expect(JSON.parse(compared.stdout)[0].scenario.workload.trace).toBe('traces/t.csv')
    const checked = await run('config check traces/s.yaml --json')
    expect(JSON.parse(checked.stdout).workload.trace).toBe('traces/t.csv')
  })

  it('stays where it is by an absolute path', async () => {
    await run(`${deployment} --trace ${top}/traces/t.csv --output out/a.json`)
    expect(traceOf(read('out/a.json'))).toBe(`${top}/traces/t.csv`)
  })

  it('is found behind a link to the folder of the results', async () => {
    symlinkSync(path.join(top, 'out'), path.join(top, 'work/link'))
    await run(`${deployment} --trace ../traces/t.csv --output link/a.json`, 'work')
    expect(traceOf(read('out/a.json'))).toBe('../traces/t.csv')
    await run('--config link/a.json --output link/b.json', 'work')
    expect(read('out/b.json')).toBe(read('out/a.json'))
  })

  it('is not mistaken for another file of its name', async () => {
    write('t.csv', trace)
    const { stdout } = await run(`${deployment} --trace t.csv --format json`)
    write('out/a.json', stdout)
    write('out/t.csv', otherTrace)
    expect((await run('--config out/a.json --format json')).stdout).toBe(stdout)
    write('t.csv', otherTrace)
    const refused = await run('--config out/a.json --format json')
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain(
      'workload.trace (out/a.json): is not the trace that out/a.json was made of: ' +
        `the content of ${top}/out/t.csv and ${top}/t.csv differs`,
    )
    const replaced = await run('--config out/a.json --trace t.csv --format json')
    expect(JSON.parse(replaced.stdout).total_requests).toBe(3)
    const set = await run('--config out/a.json --set workload={"trace":"t.csv"} --format json')
    expect(JSON.parse(set.stdout).total_requests).toBe(3)
    const study = await run('sweep --config out/a.json --vary tp=1')
    expect(study.stderr).toContain('is not the trace that out/a.json was made of')
  })

  it('is missed with the places where it was looked for', async () => {
    const { stdout } = await run(`${deployment} --trace traces/t.csv --format json`)
    write('out/a.json', stdout)
    const { code, stderr } = await run('--config ../out/a.json', 'work')
    expect(code).toBe(2)
    expect(stderr).toContain(
      `there is no such file (looked for ${top}/out/traces/t.csv and ${top}/work/traces/t.csv)`,
    )
  })
})

it('gives the same bytes again of what scales, breaks and is given in parts', async () => {
  for (const flags of [
    '--autoscale-max 3',
    '--autoscale-max 3 --autoscale-interval 5 --set autoscaling.start_up_s=2',
    '--fault-every 20 --set faults.start_up_s=2',
  ]) {
    await run(`${deployment} --num-requests 20 ${flags} --output out/a.json`)
    await run('--config out/a.json --output out/b.json')
    expect(read('out/b.json')).toBe(read('out/a.json'))
  }
})
