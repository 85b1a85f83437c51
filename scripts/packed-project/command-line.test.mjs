import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkRunLaws, resultDifferences } from '@llmsim/conformance'
import { SimulationResult } from '@llmsim/contracts'
import { simulate } from '@llmsim/simulator'
import { affine, chunked, twoChoices } from 'outside-policies'
import { specification } from './build/deployment.js'

const project = path.dirname(fileURLToPath(import.meta.url))
const results = mkdtempSync(path.join(tmpdir(), 'llmsim-outside-'))
after(() => rmSync(results, { recursive: true, force: true }))

const cli = path.join(project, 'node_modules/@llmsim/cli')
const { bin } = JSON.parse(readFileSync(path.join(cli, 'package.json'), 'utf8'))

function execute(command, args, options = {}) {
  return new Promise((resolve) =>
    execFile(command, args, { cwd: project, ...options }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    ),
  )
}

/** What `npx llmsim` starts, without the time that npx takes. */
const llmsim = (...args) => execute(process.execPath, [path.join(cli, bin.llmsim), ...args])

let files = 0
/** Runs to exit code 0; the text of the results file. */
async function resultsOf(args, start = llmsim) {
  const file = path.join(results, `${++files}.json`)
  const { code, stderr } = await start(...args, '--output', file)
  assert.equal(code, 0, stderr)
  return readFileSync(file, 'utf8')
}

/** The figures, which are checked, and the scenario. */
function parsed(text) {
  const { scenario, versions, ...figures } = JSON.parse(text)
  assert.ok(Object.keys(versions).length > 5)
  const result = SimulationResult.parse(figures)
  checkRunLaws(result)
  assert.ok(result.completed_requests > 50, `${result.completed_requests} requests`)
  return { scenario, result }
}

/** Flags with their values (one each), of which later ones stand in for earlier ones of their name. */
function replaced(args, more) {
  const flags = new Set(more.filter((word) => word.startsWith('--')))
  const kept = args.filter((word, at) => !flags.has(word) && !flags.has(args[at - 1]))
  return [...kept, ...more]
}

async function refused(args, code, ...patterns) {
  const file = path.join(results, `${++files}.json`)
  const run = await llmsim(...args, '--output', file)
  assert.equal(run.code, code, run.stderr)
  for (const pattern of patterns) assert.match(run.stderr, pattern)
  assert.doesNotMatch(run.stderr, /\n\s+at |internal error/)
  assert.ok(!existsSync(file), 'a results file in spite of the error')
}

const plugin = ['--plugin', './plugin.mjs']
const catalog = ['--catalog', './catalog-package/catalog']
const chips = ['--model', 'outside-3b', '--xpu', 'outside-npu', '--n-xpus-per-node', '4']
const traffic = ['--arrival-rate', '5', '--duration', '20']
const policies = ['--scheduler', 'chunked', '--router', 'two-choices', '--cost-model', 'affine']
const disaggregated = [
  ...['--model', 'outside-3b', '--disaggregated', '--transfer-bandwidth', '50'],
  ...['--prefill-xpu', 'outside-npu', '--prefill-n-xpus', '2', '--prefill-tp', '1'],
  ...['--decode-xpu', 'onpu', '--decode-n-xpus', '4', '--decode-tp', '2'],
]
const aggregated = [...chips, '--tp', '2']
const all = [...plugin, ...catalog, ...policies, ...traffic]

const deployments = { aggregated, disaggregated }
for (const [title, deployment] of Object.entries(deployments))
  describe(`llmsim run, ${title}, with everything from outside`, { concurrency: 2 }, () => {
    const args = [...deployment, ...all]
    const first = resultsOf(args)

    it('uses what the flags name', async () => {
      const { scenario, result } = parsed(await first)
      assert.equal(scenario.model, 'outside-3b')
      assert.equal(scenario.scheduler.name, 'chunked')
      assert.equal(scenario.router.name, 'two-choices')
      assert.equal(scenario.cost_model.name, 'affine')
      assert.equal(result.unfinished_requests, 0)
      for (const pool of result.pools) {
        const requests = pool.per_replica.map((replica) => replica.requests)
        assert.equal(requests.length, 2)
        assert.ok(Math.min(...requests) > 10, `routed ${requests.join(', ')}`)
      }
      assert.equal(result.kv_transfer === null, title === 'aggregated')
    })

    it('gives the same figures step by step', async () => {
      const stepped = parsed(await resultsOf([...args, '--step-by-step']))
      assert.equal(stepped.scenario.step_by_step, true)
      assert.deepEqual(resultDifferences(parsed(await first).result, stepped.result), [])
    })

    it('gives the same file with the plug-in and the catalog as packages', async () => {
      const packages = ['--plugin', 'outside-policies', '--catalog', 'outside-catalog']
      const again = [...deployment, ...packages, ...policies, ...traffic]
      assert.equal(await resultsOf(again), await first)
    })

    it('gives the same file with them as folders that are packages', async () => {
      const folders = ['--plugin', './policies', '--catalog', './catalog-package']
      const again = [...deployment, ...folders, ...policies, ...traffic]
      assert.equal(await resultsOf(again), await first)
    })

    it('gives the same file again from its results', async () => {
      const file = path.join(results, `${title}.json`)
      writeFileSync(file, await first)
      assert.equal(await resultsOf(['--config', file, ...plugin, ...catalog]), await first)
    })

    it('runs replications on threads, to the same file as on one', async () => {
      const several = await resultsOf([...args, '--replications', '4', '--jobs', '2'])
      assert.equal(await resultsOf([...args, '--replications', '4', '--jobs', '1']), several)
      const { replications, ...run } = JSON.parse(several)
      assert.deepEqual(run, JSON.parse(await first))
      assert.deepEqual(replications.seeds, [0, 1, 2, 3])
      assert.ok(replications.figures['first_token_latency.mean'].half_width > 0)
    })

    it('gives other figures with one of the policies replaced', async () => {
      const ways = [
        [],
        ['--scheduler', 'greedy'],
        ['--scheduler', 'shortest-prompt-first'],
        ['--router', 'round-robin'],
        ['--cost-model', 'roofline'],
        ['--set', 'cost_model.options.overhead_us=900'],
        ['--set', 'scheduler.options.chunk_tokens=64'],
        ['--model', 'outside-moe'],
      ]
      // So many at once that their order matters.
      const burst = ['--arrival-rate', '200', '--duration', '1', '--max-num-batched-tokens', '2048']
      const means = []
      for (const way of ways) {
        const { result } = parsed(await resultsOf(replaced(replaced(args, burst), way)))
        means.push(result.end_to_end_latency.mean)
      }
      assert.equal(new Set(means).size, ways.length, means.join(', '))
    })
  })

describe('llmsim, beside running', { concurrency: 2 }, () => {
  it('is what npx finds', async () => {
    const shell = process.platform === 'win32'
    const npx = (...args) => execute('npx', ['--no-install', 'llmsim', ...args], { shell })
    const args = [...aggregated, ...all]
    assert.equal(await resultsOf(args, npx), await resultsOf(args))
  })

  it('agrees with the packages put together by hand', async () => {
    const lengths = [
      ...['--avg-input-length', '700', '--input-length-std', '300', '--max-input-length', '4000'],
      ...['--avg-output-length', '190', '--output-length-std', '90', '--max-output-length', '1000'],
    ]
    const { result } = parsed(await resultsOf([...aggregated, ...all, ...lengths]))
    const own = { scheduler: chunked, router: twoChoices, costModel: affine }
    assert.deepEqual(resultDifferences(result, simulate(specification(own))), [])
  })

  it('shows a model and an accelerator of the catalog', async () => {
    const model = await llmsim('models', 'outside', ...catalog)
    assert.equal(model.code, 0, model.stderr)
    assert.match(model.stdout, /^outside-3b\n[^]*2\.92B[^]*24 heads, 8 KV heads[^]*example\.com/)
    const json = await llmsim('models', 'outside-moe', '--json', '--catalog', 'outside-catalog')
    assert.equal(JSON.parse(json.stdout).ffn.experts, 32)
    const chip = await llmsim('hardware', 'onpu', ...catalog)
    assert.equal(chip.code, 0, chip.stderr)
    assert.match(chip.stdout, /^outside-npu\n[^]*32 GiB[^]*Outside Link[^]*1\.25/)
    const list = await llmsim('hardware', ...catalog)
    assert.match(list.stdout, /outside-npu/)
    assert.match(list.stdout, /mi300x/)
    const without = await llmsim('hardware', 'outside-npu')
    assert.equal(without.code, 2, without.stdout)
  })

  it('takes a step apart by the operators of the cost model', async () => {
    const { code, stdout, stderr } = await llmsim(
      ...['estimate', ...aggregated, ...plugin, ...catalog, '--cost-model', 'affine'],
    )
    assert.equal(code, 0, stderr)
    for (const operator of ['weights', 'pairs', 'context']) assert.match(stdout, RegExp(operator))
  })

  it('compares the accelerator with a shipped one', async () => {
    const { code, stdout, stderr } = await llmsim(
      ...['compare', '--xpu', 'outside-npu,h100', '--model', 'outside-3b', '--tp', '2'],
      ...all,
    )
    assert.equal(code, 0, stderr)
    assert.match(stdout, /outside-npu/)
    assert.match(stdout, /h100/)
  })

  it('checks a scenario file that names all of it', async () => {
    const file = path.join(results, 'scenario.json')
    const scenario = {
      model: 'outside-3b',
      cluster: { xpu: 'outside-npu', n_xpus_per_node: 4 },
      parallelism: { tensor_parallel_size: 2 },
      workload: { arrival_rate: 5 },
      scheduler: { name: 'chunked', options: { chunk_tokens: 128 } },
      router: { name: 'two-choices' },
      cost_model: { name: 'affine', options: { overhead_us: 300 } },
      simulation_duration_s: 20,
    }
    writeFileSync(file, JSON.stringify(scenario))
    const good = await llmsim('config', 'check', file, ...plugin, ...catalog)
    assert.equal(good.code, 0, good.stderr)
    const bad = await llmsim('config', 'check', file, ...catalog)
    assert.equal(bad.code, 2, bad.stdout)
    const flags = ['--set', 'scheduler.options.chunk_tokens=128']
    const more = ['--set', 'cost_model.options.overhead_us=300']
    assert.equal(
      await resultsOf(['--config', file, ...plugin, ...catalog]),
      await resultsOf([...aggregated, ...all, ...flags, ...more]),
    )
  })

  it('validates the catalog, and finds what is wrong with another', async () => {
    const good = await llmsim('catalog', 'validate', './catalog-package/catalog')
    assert.equal(good.code, 0, good.stderr)
    assert.match(good.stdout, /1 accelerator, 2 models/)
    const file = path.join(project, 'catalog-package/catalog/models/outside-3b.json')
    const model = JSON.parse(readFileSync(file, 'utf8'))
    const wrong = path.join(results, 'outside-wrong.json')
    writeFileSync(wrong, JSON.stringify({ ...model, layers: -28 }))
    const bad = await llmsim('catalog', 'validate', wrong)
    assert.equal(bad.code, 2, bad.stdout)
    assert.match(bad.stderr, /outside-wrong\.json/)
    assert.match(bad.stderr, /layers/)
  })
})

describe('llmsim refuses', { concurrency: 2 }, () => {
  const base = [...aggregated, ...traffic, ...catalog]
  const refusal = (title, args, code, ...patterns) =>
    it(title, () => refused([...base, ...args], code, ...patterns))
  const refusalInPlace = (title, args, ...patterns) =>
    it(title, () => refused(replaced(base, args), 2, ...patterns))

  refusal('a plug-in twice', [...plugin, ...plugin], ...[2, /--plugin/, /name is taken/, /chunked/])
  refusal(
    'a plug-in that is there under another name',
    [...plugin, '--plugin', 'outside-policies'],
    2,
    /chunked/,
  )
  refusal('a catalog twice', ['--catalog', 'outside-catalog'], 2, /outside-(3b|npu|moe)/)
  refusal('a plug-in that does not exist', ['--plugin', './missing.mjs'], 2, /missing\.mjs/)
  refusal('a package that is not there', ['--plugin', 'outside-polices'], 2, /outside-polices/)
  refusal('a catalog as a plug-in', ['--plugin', 'outside-catalog'], 2, /no schedulers/)
  refusal('a plug-in as a catalog', ['--catalog', 'outside-policies'], 2, /no list of entries/)
  refusal(
    'an unknown scheduler, and says which are near',
    [...plugin, '--scheduler', 'chunky'],
    ...[2, /--scheduler|scheduler\.name/, /did you mean [^\n]*chunked/],
  )
  refusal(
    'an unknown router',
    [...plugin, '--router', 'two-choises'],
    2,
    /did you mean [^\n]*two-choices/,
  )
  refusal(
    'an unknown cost model',
    [...plugin, '--cost-model', 'afine'],
    2,
    /did you mean [^\n]*affine/,
  )
  refusalInPlace('an unknown model', ['--model', 'outside-3c'], /did you mean [^\n]*outside-3b/)
  refusalInPlace(
    'an unknown accelerator',
    ['--xpu', 'outside-gpu'],
    /did you mean [^\n]*outside-npu/,
  )
  refusal('a flag twice', ['--tp', '4'], 2, /--tp: is given twice/)
  it('to lose what it prints', { skip: !existsSync('/dev/full') }, () => {
    const { status, stderr } = spawnSync(process.execPath, [path.join(cli, bin.llmsim), 'models'], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      encoding: 'utf8',
    })
    assert.equal(status, 1)
    assert.match(stderr, /^error: stdout: cannot be written \(ENOSPC[^\n]*\)\n$/)
  })
  refusal('the scheduler without its plug-in', ['--scheduler', 'chunked'], 2, /chunked/)
  refusal(
    'an option that a policy refuses',
    [...plugin, ...policies, '--set', 'cost_model.options.overhead_us=-1'],
    ...[2, /cost_model\.options\.overhead_us/, /from 0/],
  )
  refusal(
    'an option that a policy does not have',
    [...plugin, ...policies, '--set', 'scheduler.options.chunk_token=3'],
    ...[2, /scheduler\.options\.chunk_token\b/, /chunk_tokens/],
  )

  const broken = ['--plugin', './broken-plugin.mjs']
  const breach = (title, args, ...patterns) => refusal(title, [...broken, ...args], 1, ...patterns)
  breach(
    'a plan for more tokens than there are',
    ['--scheduler', 'overcommitting'],
    /overcommitting/,
  )
  breach('a scheduler that serves nobody', ['--scheduler', 'idle'], /idle/)
  breach('a replica that does not exist', ['--router', 'astray'], /astray/)
  breach('a step without a time', ['--cost-model', 'timeless'], /timeless/)
  breach('a factory that makes nothing', ['--cost-model', 'unmade'], /unmade/)
})
