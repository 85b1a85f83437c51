import { SimulationResult } from '@llmsim/contracts'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { llmsim, type Outcome } from './testing/captured-io.js'

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
})

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '')
const run = (line: string): Promise<Outcome> => llmsim(words(line), cwd)
const write = (name: string, text: string): void => writeFileSync(path.join(cwd, name), text)
const read = (name: string): string => readFileSync(path.join(cwd, name), 'utf8')

const deployment = '--model llama2-70b --xpu mi300x --n-xpus-per-node 8 --tp 8'
const quickStart = `${deployment} --arrival-rate 5 --duration 50 --warm-up 6`
const disaggregated =
  '--model llama2-70b --arrival-rate 5 --duration 20 --disaggregated --prefill-xpu a100-80gb ' +
  '--prefill-n-xpus 4 --prefill-tp 4 --decode-xpu mi300x --decode-n-xpus 8 --decode-tp 8 ' +
  '--transfer-bandwidth 400 --transfer-latency 1'

describe('run', () => {
  it('prints a table of at most 80 columns and writes the results', async () => {
    const { code, stdout, stderr } = await run(`${quickStart} --output results.json`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'results written to results.json\n' })
    expect(stdout).toContain('llama2-70b on 8 x mi300x (tp 8, 1 replica)')
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    const { scenario, versions, ...result } = JSON.parse(read('results.json'))
    SimulationResult.parse(result)
    expect(scenario).toMatchObject({ model: 'llama2-70b', workload: { arrival_rate: 5 } })
    expect(Object.keys(versions)).toContain('@llmsim/simulator')
    expect(readdirSync(cwd)).toEqual(['results.json'])
  })

  it('is the command that is meant when none is named', async () => {
    expect(await run(quickStart)).toEqual(await run(`run ${quickStart}`))
  })

  it.each([
    ['aggregated', quickStart],
    ['disaggregated', disaggregated],
    ['disaggregated behind the flags of aggregated serving', `${disaggregated} --xpu h100 --tp 2`],
  ])('gives the same bytes again from its results, its flags and its seed: %s', async (_, line) => {
    await run(`${line} --output a.json`)
    await run(`${line} --output b.json`)
    await run(`--config a.json --output c.json`)
    await run(`${line} --seed 1 --output d.json`)
    expect(read('b.json')).toBe(read('a.json'))
    expect(read('c.json')).toBe(read('a.json'))
    expect(read('d.json')).not.toBe(read('a.json'))
  })

  it('gives the same bytes from a scenario file with the same content', async () => {
    write(
      'scenario.yaml',
      [
        'model: llama-2-70b',
        'cluster: { xpu: mi300x, n_xpus_per_node: 8 }',
        'parallelism: { tensor_parallel_size: 8 }',
        'workload: { arrival_rate: 2 }',
        'simulation_duration_s: 50',
      ].join('\r\n'),
    )
    const file = await run(
      '--config scenario.yaml --arrival-rate 5 --set warm_up_duration_s=6 --format json',
    )
    const flags = await run(`${quickStart} --format json`)
    expect(file).toEqual(flags)
  })

  it('lets a flag replace what a file says in another way', async () => {
    await run(`${quickStart} --output results.json`)
    const { code, stdout } = await run(
      '--config results.json --concurrency 4 --batching-type static --duration 10 --warm-up 0 --format json',
    )
    expect(code).toBe(0)
    const { scenario } = JSON.parse(stdout)
    expect(scenario.workload.arrival_rate).toBeUndefined()
    expect(scenario.scheduler.name).toBe('static')
  })

  it.each(['greedy', 'windowed'])('batches in each way: %s', async (strategy) => {
    for (const type of ['static', 'continuous'])
      for (const line of [quickStart, disaggregated]) {
        const { code, stdout } = await run(
          `${line} --batching-type ${type} --batching-strategy ${strategy} --format json`,
        )
        expect(code).toBe(0)
        const { total_requests, completed_requests } = JSON.parse(stdout)
        expect(completed_requests).toBe(total_requests)
      }
  })

  it('replays a trace that lies beside the scenario', async () => {
    mkdirSync(path.join(cwd, 'inner'))
    write('inner/t.csv', 'arrived_at,num_prefill_tokens,num_decode_tokens\n0,10,5\n1.5,20,1\n')
    write(
      'inner/s.yaml',
      'model: llama2-70b\ncluster: {xpu: mi300x}\nparallelism: {tensor_parallel_size: 8}\nworkload: {trace: t.csv}',
    )
    const { code, stdout } = await run('--config inner/s.yaml --format json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ total_requests: 2, completed_requests: 2 })
  })

  it('takes a model from a Hugging Face config.json, and carries it in the results', async () => {
    const config = {
      ...{ model_type: 'llama', hidden_size: 2048, intermediate_size: 5632, vocab_size: 32000 },
      ...{ num_attention_heads: 32, num_hidden_layers: 22, num_key_value_heads: 4 },
      ...{ max_position_embeddings: 2048, torch_dtype: 'bfloat16' },
    }
    write('config.json', JSON.stringify(config))
    await run('--model config.json --xpu l4 --duration 5 --output a.json')
    write('config.json', '{}')
    await run('--config a.json --output b.json')
    expect(JSON.parse(read('a.json')).scenario.model.layers).toBe(22)
    expect(read('b.json')).toBe(read('a.json'))
  })

  it('prints warnings on stderr, and none when asked to be quiet', async () => {
    const line = '--model llama2-70b --xpu a100 --tp 8 --dtype fp8 --duration 5'
    expect((await run(line)).stderr).toMatch(/^warning: a100-80gb has no fp8/)
    expect((await run(`${line} --quiet`)).stderr).toBe('')
  })

  it('prints a short summary', async () => {
    const { stdout } = await run(`${quickStart} --summary`)
    expect(stdout.split('\n').length).toBeLessThan(12)
  })
})

describe('bad input', () => {
  it.each([
    ['--modle x', '--modle', '--model'],
    ['foo', 'command', 'run'],
    ['comapre', 'command', 'did you mean compare'],
    ['--model --tp 8', '--model', 'needs a value'],
    ['--tp', '--tp', 'needs a value'],
    ['catalog', 'command', ''],
    ['--xpu h100', 'model (--model)', 'is required'],
    ['--model llama2-70b', 'cluster.xpu (--xpu)', 'llmsim hardware'],
    ['--model lama2-70b --xpu h100', 'model (--model)', 'did you mean llama'],
    ['--model llama2-70b --xpu h10', 'cluster.xpu (--xpu)', 'did you mean'],
    [
      deployment.replace('--tp 8', '--tp 16'),
      'parallelism.tensor_parallel_size (--tp)',
      'at most 8',
    ],
    [
      `--model llama2-70b --xpu h100 --tp 3`,
      'parallelism.tensor_parallel_size (--tp)',
      '1, 2, 4, 8',
    ],
    [
      '--model llama2-70b --xpu h100',
      'parallelism.tensor_parallel_size (--tp)',
      'tensor_parallel_size 2',
    ],
    [`${deployment} --arrival-rate abc`, '--arrival-rate', 'a number'],
    [`${deployment} --arrival-rate -5`, 'workload.arrival_rate (--arrival-rate)', 'above 0'],
    [`${deployment} --arrival-rate 1e309`, '--arrival-rate', 'a number'],
    [`${deployment} --arrival-rate NaN`, '--arrival-rate', 'a number'],
    [`${deployment} --max-batch-size 2.5`, '--max-batch-size', 'a whole number'],
    [`${deployment} --dtype fp9`, 'engine.dtype (--dtype)', 'fp8'],
    [`${deployment} --prefill-tp 4`, '--prefill-tp', '--disaggregated'],
    [
      `${deployment} --concurrency 4 --arrival-rate 3`,
      'workload.arrival_rate (--arrival-rate)',
      '',
    ],
    [
      `${deployment} --scheduler greedy --batching-type static`,
      'scheduler.batching_type (--batching-type)',
      '',
    ],
    [`${deployment} --set workload.rate=1`, 'workload.rate (--set)', 'arrival_rate'],
    [`${deployment} --trace none.csv`, 'workload.trace (--trace)', 'no such file'],
    [`${deployment} --config none.yaml`, 'none.yaml', 'no such file'],
    [`${deployment} --plugin none`, '--plugin', 'none'],
    [`${deployment} --catalog none`, 'none', ''],
    [`${deployment} --format xml`, '--format', 'table or json'],
    [`${deployment} --output none/results.json`, '--output', 'a folder that does not exist'],
    [`${deployment} --output .`, '--output', 'is a folder'],
    ['models foo', 'NAME', 'unknown model'],
    ['config check none.yaml', 'none.yaml', 'no such file'],
    ['compare', 'FILE or --xpu', 'nothing to compare'],
    ['estimate --batch-size 0 --model llama2-70b --xpu h100', '--batch-size', 'from 1'],
  ])('exits 2 with one message: %s', async (line, field, hint) => {
    const { code, stdout, stderr } = await run(line)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.match(/^error: /gm)).toHaveLength(1)
    expect(stderr).toContain(field)
    expect(stderr).toContain(hint)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(readdirSync(cwd)).toEqual([])
  })

  it.each([
    ['empty', '', 't.csv'],
    ['without rows', 'arrived_at,num_prefill_tokens,num_decode_tokens\n', 't.csv'],
    ['truncated', 'arrived_at,num_prefill_tokens,num_decode_tokens\n0,10', 't.csv:2'],
    [
      'with a request of 0 tokens',
      'arrived_at,num_prefill_tokens,num_decode_tokens\n0,0,5\n',
      't.csv:2',
    ],
  ])('names the place in a trace %s', async (_, text, place) => {
    write('t.csv', text)
    const { code, stderr } = await run(`${deployment} --trace t.csv --output results.json`)
    expect(code).toBe(2)
    expect(stderr).toContain(`error: workload.trace (${place}`)
    expect(existsSync(path.join(cwd, 'results.json'))).toBe(false)
  })

  it('shows where an error comes from with --debug', async () => {
    expect((await run('--model none --xpu h100 --debug')).stderr).toMatch(/^\s+at /m)
  })
})

describe('plug-ins and catalogs', () => {
  const factories = `
    export const schedulers = [{ name: 'mine', description: 'mine', create: () => ({ name: 'mine', plan() {} }) }]`

  it('refuses what brings nothing, what is misshapen and what is taken', async () => {
    write('nothing.mjs', 'export const x = 1')
    write('shape.mjs', 'export const schedulers = [{ name: 1 }]')
    write('taken.mjs', factories.replaceAll(`'mine'`, `'greedy'`))
    write('broken.mjs', 'throw new Error("no")')
    for (const [file, message] of [
      ['nothing.mjs', 'exports no schedulers'],
      ['shape.mjs', 'schedulers[0] of ./shape.mjs makes no scheduler'],
      ['taken.mjs', 'whose name is taken; given "greedy"'],
      ['broken.mjs', 'cannot be imported (Error: no)'],
    ]) {
      const { code, stderr } = await run(`${deployment} --plugin ./${file ?? ''}`)
      expect(code).toBe(2)
      expect(stderr).toContain(message)
    }
  })

  it('finds a package that exports to import only, and names its schedulers', async () => {
    mkdirSync(path.join(cwd, 'node_modules/llmsim-mine'), { recursive: true })
    write(
      'node_modules/llmsim-mine/package.json',
      '{"name":"llmsim-mine","type":"module","exports":{".":{"import":"./lib.js"}}}',
    )
    write('node_modules/llmsim-mine/lib.js', factories)
    const { code, stderr } = await run(`${deployment} --plugin llmsim-mine --scheduler mime`)
    expect(code).toBe(2)
    expect(stderr).toContain('did you mean mine')
  })

  it('exits 1 when a plug-in breaks its contract', async () => {
    write('idle.mjs', factories.replace('plan() {}', 'plan(view, plan) { plan.decode(99) }'))
    const { code, stderr } = await run(
      `${deployment} --plugin ./idle.mjs --scheduler mine --duration 5`,
    )
    expect(code).toBe(1)
    expect(stderr).toContain('mine')
  })

  it('adds the entries of a catalog', async () => {
    const entry = JSON.parse((await run('hardware h100 --json')).stdout)
    mkdirSync(path.join(cwd, 'chips'))
    write('chips/mine.json', JSON.stringify({ ...entry, name: 'mine', aliases: [] }))
    expect((await run('catalog validate chips')).stdout).toBe('ok: 1 accelerator\n')
    expect(
      (await run('--model llama2-70b --xpu mine --tp 4 --catalog chips --duration 5')).code,
    ).toBe(0)
    write('chips/bad.json', JSON.stringify({ ...entry, name: 'bad', memory_bytes: -1 }))
    write('chips/worse.json', JSON.stringify({ ...entry, name: 'worse', vendor: 7 }))
    const { code, stderr } = await run('catalog validate chips')
    expect(code).toBe(2)
    expect(stderr.match(/^error: /gm)).toHaveLength(2)
  })
})

describe('the other commands', () => {
  it('list and show what the catalogs hold', async () => {
    expect((await run('models')).stdout).toMatch(/^llama2-70b +68\.98B/m)
    expect((await run('models llama2-70b')).stdout).toContain('https://')
    expect((await run('hardware')).stdout).toMatch(/^mi300x /m)
    expect(JSON.parse((await run('hardware mi300x --json')).stdout).name).toBe('mi300x')
    expect(JSON.parse((await run('models --json')).stdout).length).toBeGreaterThan(50)
  })

  it('estimate takes the steps of each pool apart', async () => {
    const line = 'estimate --model llama3-70b --xpu h100 --tp 4 --batch-size 64'
    const text = await run(line)
    expect(text.code).toBe(0)
    expect(text.stdout).toContain('TIME, FLOP, MEMORY and SENT are those of one device.')
    expect((await run('estimate --help')).stdout).toContain('SENT are those of one device')
    for (const row of text.stdout.split('\n')) expect(row.length).toBeLessThanOrEqual(80)
    const { pools } = JSON.parse((await run(`${line} --format json`)).stdout)
    for (const { seconds, operators } of pools[0].steps) {
      const sum = operators.reduce(
        (total: number, one: { seconds: number }) => total + one.seconds,
        0,
      )
      expect(sum / seconds).toBeCloseTo(1, 9)
    }
    expect(text.stdout).not.toContain('do not fit')
    const crowded = 'estimate --model llama3-8b --xpu h100 --batch-size 6400'
    const { steps, kv_cache } = JSON.parse((await run(`${crowded} --format json`)).stdout).pools[0]
    for (const step of steps) expect(step.sequences_that_fit).toBe(kv_cache.sequences)
    const { stdout, stderr } = await run(`${crowded} --context-length 2000`)
    const told = stdout.match(/^so many do not fit: the KV cache holds \d+ of them at once$/gm)
    expect(told).toHaveLength(2)
    expect(told![0]).toContain(` ${kv_cache.sequences} of them`)
    expect(told![1]).not.toBe(told![0])
    expect(stderr).toMatch(
      /^warning: .*not the 6,400 of this prefill step\nwarning: .*decode step\n$/,
    )
    const split = await run(
      `estimate ${disaggregated.replace('--arrival-rate 5 --duration 20 ', '')} --format json`,
    )
    expect(JSON.parse(split.stdout).pools.map(({ role }: { role: string }) => role)).toEqual([
      'prefill',
      'decode',
    ])
  })

  it('compare runs each accelerator on the same requests', async () => {
    const line = 'compare --xpu l4,h100,mi300x --model llama3-70b --tp 4 --duration 10'
    const table = await run(line)
    expect(table.code).toBe(0)
    expect(table.stdout).toContain('does not fit')
    expect(table.stdout).toContain('price to buy')
    const documents = JSON.parse((await run(`${line} --format json`)).stdout)
    expect(documents[1].total_requests).toBe(documents[2].total_requests)
  })

  it('compare takes the traffic of the first file', async () => {
    await run(`${quickStart} --output a.json`)
    await run(
      `${quickStart.replace('--arrival-rate 5', '--arrival-rate 1')} --batching-type static --output b.json`,
    )
    const { stdout, stderr } = await run('compare a.json b.json --format json')
    const documents = JSON.parse(stdout)
    expect(documents[1].total_requests).toBe(documents[0].total_requests)
    expect(stderr).toContain('b.json: takes the traffic of a.json')
  })

  it('config checks a file and prints the schema', async () => {
    write(
      's.yaml',
      'model: llama2-70b\ncluster: {xpu: mi300x}\nparallelism: {tensor_parallel_size: 8}',
    )
    expect(await run('config check s.yaml')).toEqual({ code: 0, stdout: 'ok\n', stderr: '' })
    const resolved = JSON.parse((await run('config check s.yaml --json')).stdout)
    expect(resolved.scheduler.name).toBe('greedy')
    const schema = JSON.parse((await run('config schema')).stdout)
    expect(schema.properties.cluster.properties.xpu).toBeDefined()
  })

  it('help and version', async () => {
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    for (const name of [
      '',
      'run',
      'estimate',
      'compare',
      'models',
      'hardware',
      'catalog validate',
      'config check',
      'config schema',
    ]) {
      const { code, stdout } = await run(`${name} --help`)
      expect(code).toBe(0)
      expect(stdout).toContain('Example')
      expect(stdout.split('--debug')).toHaveLength(2)
    }
  })
})
