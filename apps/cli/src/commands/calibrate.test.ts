import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { llmsim } from '../testing/captured-io.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-calibrate-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text)

/** Invented: an H100 that is slower than most. */
const timings = `kernel,format,m,n,k,ranks,bytes,seconds
gemm,bf16,1,4096,4096,,,20e-6
gemm,bf16,16,14336,4096,,,60e-6
gemm,bf16,4096,4096,4096,,,300e-6
gemm,bf16,8192,14336,4096,,,2e-3
all_reduce,,,,,4,33554432,200e-6
`
write('timings.csv', timings)
write(
  'points.csv',
  `id,model,weight_dtype,hardware,engine,engine_version,scenario,concurrency,num_requests,input_len,output_len,length_range_ratio,tpot_ms_mean
A-1,llama3-8b,bf16,h100-80gb,vllm,0.12.0,closed,4,8,256,32,1,9
A-2,llama3-8b,bf16,h100-80gb,vllm,0.12.0,closed,16,32,256,32,1,10
A-3,llama3-8b,bf16,a100-80gb,vllm,0.12.0,closed,16,32,256,32,1,20
`,
)

const calibrate = (...argv: string[]): ReturnType<typeof llmsim> =>
  llmsim(['calibrate', ...argv, '--date', '2026-01-02'], folder)

async function tpot(...flags: string[]): Promise<number> {
  const { stdout } = await llmsim(
    ['estimate', '--model', 'llama3-8b', '--xpu', 'h100-80gb', '--format', 'json', ...flags],
    folder,
  )
  return Number(/"seconds": ([0-9.e-]+)/.exec(stdout.slice(stdout.indexOf('"decode"')))?.[1])
}

describe('llmsim calibrate', () => {
  it('writes a calibration that --catalog reads', async () => {
    const run = await calibrate('timings.csv', '--xpu', 'h100-80gb', '--output', 'own.json')
    expect([run.code, run.stderr]).toEqual([0, ''])
    expect(run.stdout).toContain('gemm.bf16.memory_fraction')
    expect(run.stdout).toContain('LEFT OUT %')
    const text = readFileSync(path.join(folder, 'own.json'), 'utf8')
    expect(JSON.parse(text)).toMatchObject({ name: 'h100-80gb', version: 4, date: '2026-01-02' })
    expect((await llmsim(['catalog', 'validate', 'own.json'], folder)).code).toBe(0)
    expect(await tpot('--catalog', 'own.json')).toBeGreaterThan(1.02 * (await tpot()))
    await calibrate('timings.csv', '--xpu', 'h100-80gb', '--output', 'again.json')
    expect(readFileSync(path.join(folder, 'again.json'), 'utf8')).toBe(text)
  })

  it('goes on from a calibration of its own, under another name', async () => {
    const flags = ['--xpu', 'h100-80gb', '--catalog', 'own.json', '--name', 'my-h100']
    const { code } = await calibrate('timings.csv', ...flags, '--output', 'third.json')
    expect(code).toBe(0)
    const third: unknown = JSON.parse(readFileSync(path.join(folder, 'third.json'), 'utf8'))
    expect(third).toMatchObject({ name: 'my-h100', version: 5, aliases: ['h100-80gb'] })
    expect(await tpot('--catalog', 'third.json')).toBeGreaterThan(await tpot())
  })

  it('says where it started for what was never measured', async () => {
    const { stdout } = await calibrate('timings.csv', '--xpu', 'gh200')
    expect(stdout).toMatch(/gh200 had no calibration: started from that of h\d+/)
    expect(stdout).toContain('not written')
  })

  it('fits serving measurements, and the engine where it is named', async () => {
    const flags = ['--xpu', 'h100-80gb', '--engine', 'vllm', '--output', 'served.json']
    const { code, stdout } = await calibrate('points.csv', ...flags, '--format', 'json')
    expect(code).toBe(0)
    expect((JSON.parse(stdout) as { fits: unknown[] }).fits).toMatchObject([
      { curve: 'serving', rows: 2 },
    ])
    const used = await tpot('--catalog', 'served.json', '--engine', 'vllm-h100-80gb')
    expect(used).toBeGreaterThan(await tpot('--engine', 'vllm'))
  })

  it.each([
    [['nowhere.csv', '--xpu', 'h100-80gb'], 'nowhere.csv: cannot be read'],
    [['timings.csv'], '--xpu: is required'],
    [['timings.csv', '--xpu', 'h10'], '--xpu: unknown accelerator'],
    [['timings.csv', '--xpu', 'h100-80gb', '--engine', 'vllm'], '--engine: operator timings'],
    [['timings.csv', '--xpu', 'h100-80gb', '--name', 'My H100'], '--name: is invalid'],
    [['timings.csv', '--xpu', 'h100-80gb', '--source-url', 'here'], '--source-url: is invalid'],
    [['timings.csv', '--xpu', 'h100-80gb', '--output', 'own.txt'], '--output: is no name'],
    [['timings.json', '--xpu', 'h100-80gb', '--output', 'timings.json'], '--output: is what'],
    [['empty.csv', '--xpu', 'l40s'], 'empty.csv: has no rows'],
    [['points.csv', '--xpu', 'l40s'], 'has no row of l40s'],
    [['head.csv', '--xpu', 'l40s'], 'head.csv: line 1: is the header of neither'],
    [['kind.csv', '--xpu', 'l40s'], 'kind.csv: line 3: kernel: no kind of kernel'],
    [['cell.csv', '--xpu', 'l40s'], 'cell.csv: line 2: k: is invalid'],
    [['short.csv', '--xpu', 'l40s'], 'short.csv: line 2: has 2 cells'],
    [['long.csv', '--xpu', 'l40s'], 'long.csv: line 2: seconds: is too long'],
    [['blank.csv', '--xpu', 'l40s'], 'blank.csv: line 2: n: is required'],
  ])('refuses %j', async (argv, message) => {
    const header = 'kernel,format,m,n,k,seconds\n'
    write('timings.json', timings)
    write('empty.csv', header)
    write('head.csv', 'a,b\n1,2\n')
    write('kind.csv', `${header}gemm,bf16,1,64,64,1e-3\ngem,bf16,1,64,64,1e-3\n`)
    write('cell.csv', `${header}gemm,bf16,1,64,much,1e-3\n`)
    write('short.csv', `${header}gemm,bf16\n`)
    write('long.csv', `${header}gemm,bf16,1,64,64,250\n`)
    write('blank.csv', `${header}gemm,bf16,1,,64,1e-3\n`)
    const { code, stdout, stderr } = await calibrate(...argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(readFileSync(path.join(folder, 'timings.json'), 'utf8')).toBe(timings)
  })
})
