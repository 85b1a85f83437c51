import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { llmsim, type Outcome } from '../testing/captured-io.js'

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
})

const run = (line: string): Promise<Outcome> => llmsim(line.split(' '), cwd)

function write(name: string, value: unknown): void {
  mkdirSync(path.dirname(path.join(cwd, name)), { recursive: true })
  writeFileSync(path.join(cwd, name), JSON.stringify(value))
}

const config = {
  ...{ model_type: 'llama', hidden_size: 2048, intermediate_size: 5632, vocab_size: 32000 },
  ...{ num_attention_heads: 32, num_hidden_layers: 22, num_key_value_heads: 4 },
  ...{ max_position_embeddings: 2048, torch_dtype: 'bfloat16', _name_or_path: 'a/Tiny-Llama' },
}

describe('catalog validate', () => {
  it.each([
    ['name', { name: 'h100', aliases: [] }],
    ['alias', { name: 'mine', aliases: ['mi300x'] }],
  ])('refuses a %s that a built-in entry has, as --catalog does', async (_, names) => {
    const entry = JSON.parse((await run('hardware h100 --json')).stdout)
    write('chips/mine.json', { ...entry, ...names })
    const { code, stdout, stderr } = await run('catalog validate chips')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error: accelerator\[.*\]: the accelerator name .* is used by/)
    const loaded = await run('hardware --catalog chips')
    expect(loaded).toEqual({ code: 2, stdout: '', stderr: loaded.stderr })
  })

  it('refuses a model whose architecture does not give its parameter count, of which a run warns', async () => {
    const entry = JSON.parse((await run('models llama3-8b --json')).stdout)
    const own = { ...entry, name: 'mine', aliases: [] }
    write('good/mine.json', own)
    expect((await run('catalog validate good')).stdout).toBe('ok: 1 model\n')
    write('bad/mine.json', { ...own, attention: { ...own.attention, kv_heads: 32 } })
    const { code, stderr } = await run('catalog validate bad')
    expect(code).toBe(2)
    expect(stderr).toContain(
      'model[mine].published.parameters: is 10.0 % off the 8835567616 parameters that the fields',
    )
    expect(stderr).toContain('given 8030261248')
    for (const line of ['--model bad/mine.json', '--catalog bad --model mine']) {
      const ran = await run(`${line} --xpu h100 --duration 2`)
      expect(ran.code).toBe(0)
      expect(ran.stderr).toContain('warning: mine has 8835567616 parameters by its architecture')
    }
    const good = await run('--catalog good --model mine --xpu h100 --duration 2')
    expect(good.stderr).not.toContain('parameters')
  })

  it('lets a calibration stand in for a built-in one', async () => {
    const { calibrations } = await import('@llmsim/catalog-calibrations')
    write('chips/mine.json', calibrations[0])
    expect((await run('catalog validate chips')).stdout).toBe('ok: 1 calibration\n')
  })
})

describe('a file in place of a name', () => {
  it('is shown by models and hardware', async () => {
    write('tiny/config.json', config)
    for (const place of ['tiny/config.json', 'tiny', './tiny/']) {
      const { code, stdout } = await run(`models ${place}`)
      expect(code).toBe(0)
      expect(stdout).toMatch(/^tiny-llama\n/)
      expect(JSON.parse((await run(`models ${place} --json`)).stdout).layers).toBe(22)
    }
    const entry = JSON.parse((await run('hardware h100 --json')).stdout)
    write('mine.json', { ...entry, name: 'mine', aliases: [] })
    expect((await run('hardware mine.json')).stdout).toMatch(/^mine\n/)
  })

  it.each(['tiny', './tiny', 'tiny/config.json'])('is served: %s', async (place) => {
    write('tiny/config.json', config)
    const { code, stdout } = await run(`--model ${place} --xpu l4 --duration 1 --format json`)
    expect(code).toBe(0)
    expect(JSON.parse(stdout).scenario.model.name).toBe('tiny-llama')
  })

  it.each([
    ['models none.json', 'NAME: there is no such file'],
    ['models folder', 'NAME: unknown model'],
    ['models ./folder', 'NAME (./folder): is a folder'],
    ['--model a,b --xpu h100', 'model (--model): is a list'],
    ['--model tiny-1b --xpu h100,l4', 'cluster.xpu (--xpu): is a list'],
  ])('is named where there is none: %s', async (line, message) => {
    mkdirSync(path.join(cwd, 'folder'))
    const { code, stderr } = await run(line)
    expect(code).toBe(2)
    expect(stderr).toContain(`error: ${message}`)
  })
})
