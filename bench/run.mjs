// `pnpm bench`: requests simulated per second of wall time, with every metric on, beside the bare loop
// that is the limit. All figures of one run are taken side by side on one core; compare the ratios.
import { simulate } from '@llmsim/simulator'
import { bareLoop } from './bare-loop.mjs'
import { cachedSpecification, pool, specification, traffic } from './deployments.mjs'

const millions = Number(process.env.BENCH_MILLIONS ?? 1)
const requests = Math.round(millions * 1e6)
const rounds = Number(process.env.BENCH_ROUNDS ?? 5)

/** Requests per second of the best of several runs, after one to warm up, and the last answer. */
function fastest(body, count) {
  body()
  let best = Infinity
  let answer
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    answer = body()
    best = Math.min(best, performance.now() - start)
  }
  return { perSecond: (count / best) * 1000, answer }
}

const number = (value) => Math.round(value).toLocaleString('en-US').padStart(11)
const rows = []
function report(name, perSecond, target, note = '') {
  rows.push({ name, perSecond, target })
  const goal =
    target === undefined
      ? ''
      : `  target ${number(target)}  ${(perSecond / target).toFixed(2)}x ${perSecond >= target ? 'met' : 'MISSED'}`
  console.log(`${name.padEnd(44)} ${number(perSecond)} requests/s${goal}${note}`)
}

console.log(
  `${requests.toLocaleString('en-US')} requests each, best of ${rounds}, Node ${process.version}\n`,
)

for (const rate of [5, 20]) {
  const bare = fastest(
    () => bareLoop(traffic(rate), requests, pool().costModel, 256, 8192),
    requests,
  )
  report(`bare loop, ${rate} requests/s`, bare.perSecond)
  const full = fastest(() => simulate(specification([pool()], rate, requests)), requests)
  report(`1 replica, ${rate} requests/s`, full.perSecond, 1e6)
  const agree = Math.abs(full.answer.simulation_time / bare.answer - 1)
  console.log(
    `  ${((100 * full.perSecond) / bare.perSecond).toFixed(0)} % of the bare loop (target 25 %); ` +
      `both end at the same simulated time to ${agree.toExponential(0)}\n`,
  )
  if (agree > 1e-9) throw new Error('the bare loop and the simulator disagree')
}

const calibrated = fastest(
  () => simulate(specification([pool({ calibrated: true })], 5, requests)),
  requests,
)
report('1 replica, 5 requests/s, calibrated costs', calibrated.perSecond, 1e6)
const fleet = fastest(
  () => simulate(specification([pool({ replicas: 64 })], 320, requests)),
  requests,
)
report('64 replicas, least outstanding', fleet.perSecond, 4e5)
const cached = fastest(() => simulate(cachedSpecification(16, 80, requests)), requests)
report('16 replicas, vllm-v1, prefix caching', cached.perSecond, 2e5)
const split = fastest(
  () =>
    simulate(
      specification(
        [pool({ role: 'prefill', replicas: 4 }), pool({ role: 'decode', replicas: 4 })],
        40,
        requests,
      ),
    ),
  requests,
)
report('4 prefill + 4 decode replicas', split.perSecond, 4e5)

console.log('\ngrowth with the number of requests, 1 replica, 5 requests/s')
let first
for (const count of [requests, 3 * requests, 10 * requests]) {
  const start = performance.now()
  simulate(specification([pool()], 5, count))
  const seconds = (performance.now() - start) / 1000
  const perRequest = (seconds / count) * 1e9
  first ??= perRequest
  const rss = process.memoryUsage().rss / 2 ** 20
  console.log(
    `  ${number(count)} requests: ${seconds.toFixed(2)} s, ${perRequest.toFixed(0)} ns each ` +
      `(${(perRequest / first).toFixed(2)}x the first), ${rss.toFixed(0)} MiB resident`,
  )
}
if (rows.some(({ perSecond, target }) => target !== undefined && perSecond < target))
  process.exitCode = 1
