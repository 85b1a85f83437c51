import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { llmsim, type Outcome } from '../testing/captured-io.js'

const cwd = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
const run = (line: string): Promise<Outcome> => llmsim(line.split(' '), cwd)
const write = (name: string, text: string): void => writeFileSync(path.join(cwd, name), text)

const model = (await run('models tiny-1b --json')).stdout
const xpu = JSON.parse((await run('hardware l4 --json')).stdout)
mkdirSync(path.join(cwd, 'chips'))
write('s.json', '{"model":"tiny-1b","cluster":{"xpu":"l4"},"simulation_duration_s":1}')
write('t.csv', 'arrived_at,num_prefill_tokens,num_decode_tokens\n0,10,5\n')
write('m.json', model)
write('x.json', JSON.stringify(xpu))
write('chips/mine.json', JSON.stringify({ ...xpu, name: 'mine', aliases: [] }))
write('p.mjs', 'export const schedulers = []')
symlinkSync('s.json', path.join(cwd, 'link.json'))
write('traced.json', '{"model":"tiny-1b","cluster":{"xpu":"l4"},"workload":{"trace":"t.csv"}}')

const common = '--model tiny-1b --xpu l4 --duration 1'

it.each([
  ['--config s.json', 's.json', '--config'],
  ['--config s.json', 'link.json', '--config'],
  ['--config link.json', './chips/../s.json', '--config'],
  ['--model tiny-1b --xpu l4 --trace t.csv', 't.csv', 'workload.trace'],
  ['--config traced.json', 't.csv', 'workload.trace'],
  ['--model m.json --xpu l4 --duration 1', 'm.json', 'model'],
  ['--model tiny-1b --xpu ./x.json --duration 1', 'x.json', 'cluster.xpu'],
  [
    '--model tiny-1b --disaggregated --prefill-xpu l4 --decode-xpu ./x.json --duration 1',
    'x.json',
    'disaggregation.decode.xpu',
  ],
  [`${common} --catalog chips`, 'chips/mine.json', '--catalog'],
  [`${common} --catalog chips/mine.json`, 'chips/mine.json', '--catalog'],
  [`${common} --plugin ./p.mjs`, 'p.mjs', '--plugin'],
])(
  'does not let the results take the place of what is read: %s --output %s',
  async (line, file, source) => {
    const before = readFileSync(path.join(cwd, file), 'utf8')
    const { code, stdout, stderr } = await run(`${line} --output ${file}`)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`error: --output: is what this run reads (${source})`)
    expect(readFileSync(path.join(cwd, file), 'utf8')).toBe(before)
  },
)

it('lets results lie beside what is read, also a second time', async () => {
  for (const output of ['r.json', 'r.json', 'chips/r.txt'])
    expect((await run(`--config s.json --catalog chips --output ${output}`)).code).toBe(0)
})
