// `node bench/planning.mjs [overhead] [scaling] [optimize]`: what a study costs beside its simulations, what a
// second worker brings, and whether the search of deployments finds what looking at everything finds.
// Wall-clock figures want a quiet machine; shares of processor time are steady on a busy one too.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { evaluateAll } from '@llmsim/planner'
import { simulate } from '@llmsim/simulator'

const cli = new URL('../apps/cli/dist/', import.meta.url)
const load = async (file) => await import(new URL(file, cli))
const asked = process.argv.slice(2)
const wants = (name) => asked.length === 0 || asked.includes(name)
const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Points of about 10 ms of simulation each. */
const scenarioOf = (index) => ({
  model: 'llama3.1-70b',
  cluster: { xpu: 'h100' },
  parallelism: { tensor_parallel_size: 8 },
  scheduler: { name: 'vllm-v1' },
  workload: {
    arrival_rate: 4 + index * 0.01,
    num_requests: 3000,
    avg_input_length: 1155,
    input_length_std: 1109,
    avg_output_length: 211,
    output_length_std: 163,
  },
})

async function overhead() {
  const count = 200
  const { localExecutor } = await load('planning/thread-executor.js')
  const { loadRegistries } = await load('registries.js')
  const { Study } = await load('planning/study.js')
  const { Journal } = await load('planning/journal.js')
  const { resolveScenario } = await load('scenario/resolve-scenario.js')
  const { prepareRun } = await load('prepared-run.js')
  const context = { catalog: [], plugin: [], folders: [folder], cwd: folder }
  const registries = await loadRegistries(context, folder)
  const scenarios = Array.from({ length: count }, (_, index) => scenarioOf(index))
  const specs = []
  const prepare = async () => {
    specs.length = 0
    for (const scenario of scenarios) {
      const resolved = resolveScenario(scenario, registries, [folder])
      const prepared = {
        scenario: resolved,
        registries,
        origins: () => undefined,
        folders: [folder],
        inputs: [],
      }
      specs.push((await prepareRun(prepared)).spec)
    }
  }
  const processor = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  // To warm up.
  await prepare()
  for (const spec of specs) simulate(spec)
  const rounds = []
  for (let round = 0; round < 3; round++) {
    await prepare()
    let start = processor()
    for (const spec of specs) simulate(spec)
    const bare = (processor() - start) / count
    const journal = Journal.open(`${round}.jsonl`, folder, {
      study: {},
      resume: false,
      flag: '--journal',
    })
    const study = new Study({ context, registries, executor: localExecutor(), journal })
    start = processor()
    await evaluateAll(scenarios, study)
    rounds.push({ bare, whole: (processor() - start) / count })
    await study.close()
  }
  const best = rounds.reduce((a, b) => (b.whole / b.bare < a.whole / a.bare ? b : a))
  const share = best.whole / best.bare - 1
  console.log(
    `overhead per point: ${best.bare.toFixed(2)} ms of simulation, ${best.whole.toFixed(2)} ms in a study ` +
      `with a journal: ${(100 * share).toFixed(1)} % (target 15 %) ${share < 0.15 ? 'met' : 'MISSED'}`,
  )
}

async function scaling() {
  const count = 300
  const { threadExecutor } = await load('planning/thread-executor.js')
  const context = { catalog: [], plugin: [], folders: [folder], cwd: folder }
  const jobs = Array.from({ length: count }, (_, index) => ({
    context,
    scenario: scenarioOf(index),
  }))
  const seconds = { 1: Infinity, 2: Infinity }
  for (const threads of [1, 2, 1, 2, 1, 2]) {
    const executor = await threadExecutor(threads, true)
    await evaluateAll(jobs.slice(0, 40), executor)
    const start = performance.now()
    await evaluateAll(jobs, executor)
    seconds[threads] = Math.min(seconds[threads], (performance.now() - start) / 1000)
    await executor.close()
  }
  const gain = seconds[1] / seconds[2]
  console.log(
    `two workers: ${gain.toFixed(2)} times one (target 1.8) ${gain >= 1.8 ? 'met' : 'MISSED'}; ` +
      `${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)} before: wants a quiet machine`,
  )
}

const bin = fileURLToPath(new URL('bin.js', cli))
/** Lengths as in the Azure conversation trace of 2023: means and deviations of its 19,366 requests. */
const question =
  'optimize --model llama3.1-70b --accelerators h100,h200,b200,mi300x --max-devices 16 ' +
  '--avg-input-length 1155 --input-length-std 1109 --avg-output-length 211 --output-length-std 163 ' +
  '--arrival-rate 5 --slo-ttft p99=1s --slo-tpot p99=50ms --jobs 2 --quiet --format json'

function answer(words) {
  const start = performance.now()
  const text = execFileSync(process.execPath, [bin, ...question.split(' '), ...words], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { ...JSON.parse(text), seconds: (performance.now() - start) / 1000 }
}

/** A part of the space that can be looked at whole: 4,000 requests for each of its deployments. */
const part = ['--batch-sizes', '256', '--pp-sizes', '1', '--rounds', '2']

function optimize() {
  const whole = answer([])
  console.log(
    `cost, the whole space: ${whole.candidates} deployments, ${whole.evaluated} simulated, ` +
      `${whole.pruned} left out, ${whole.seconds.toFixed(1)} s (target 60 s) ` +
      `${whole.seconds <= 60 ? 'met' : 'MISSED'}\n  best: ${whole.best.label}`,
  )
  for (const objective of ['cost', 'goodput-per-device']) {
    const raced = answer([...part, '--objective', objective])
    const all = answer([...part, '--objective', objective, '--exhaustive'])
    const apart = Math.abs(raced.best.objectives[objective] / all.best.objectives[objective] - 1)
    console.log(
      `${objective}, a part of it: ${raced.candidates} deployments, ${raced.evaluated} simulated, ` +
        `${raced.seconds.toFixed(1)} s; best: ${raced.best.label}\n` +
        `  all to the end: ${all.evaluated} simulated, ${all.feasible} within the objectives, ` +
        `${all.seconds.toFixed(1)} s; best: ${all.best.label}\n` +
        `  apart: ${(100 * apart).toFixed(2)} % (target 2 %) ${apart <= 0.02 ? 'met' : 'MISSED'}`,
    )
  }
}

if (wants('overhead')) await overhead()
if (wants('scaling')) await scaling()
if (wants('optimize')) optimize()
