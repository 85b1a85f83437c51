/**
 * How far off each accelerator is when the engines' constants never saw its serving measurements.
 *
 * `node scripts/leave-accelerators-out.mjs [POINTS.csv] [--sample ROWS] [--jobs THREADS] [--only PROFILE] [--half]` reads POINTS.csv
 * (../shared/measured/serving/points.csv). Each engine profile is searched on ROWS (150) measurements that run it, from
 * one belief that is the same for all profiles; then again without those of one accelerator after another, where the
 * simulation is taken for straight around what was found before, and all measurements of that accelerator are simulated with
 * the result. `--half` searches on one half of the configurations and prints both halves' errors and the constants in
 * place of that. The same measurements give the same tables. Build the packages first (`pnpm build`).
 */
import { existsSync, readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { errorTable, shares } from './engine-fit/error-table.mjs'
import { withConstants } from './engine-fit/profile-constants.mjs'
import { searchProfile, solve } from './engine-fit/profile-search.mjs'
import { SimulatedPoints } from './engine-fit/simulated-points.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string', default: '150' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    half: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
})
const file = path.resolve(
  positionals[0] ?? path.join(root, '../shared/measured/serving/points.csv'),
)
if (!existsSync(file)) {
  console.log(`Skipped: there is no ${path.relative(root, file)}.`)
  process.exit(0)
}

/** Measurements of an accelerator from which it has a row of its own. */
const LEAST_ROWS = 10
const TURNS = 3

const cli = new URL('../apps/cli/dist/', import.meta.url)
const load = (name) => import(new URL(name, cli))
const [{ parsePoints }, { loadRegistries }, { engineDefaults }, { acceleratorOf }] =
  await Promise.all(
    [
      'validation/measured-point.js',
      'registries.js',
      'validation/engine-defaults.js',
      'validation/point-layout.js',
    ].map(load),
  )
const registries = await loadRegistries({ catalog: [] }, root)
const simulated = new SimulatedPoints(Number(options.jobs))
const started = Date.now()

const points = parsePoints(readFileSync(file, 'utf8'), path.basename(file))
const shipped = await simulated.errors(points, [])
const expressed = new Set(shipped.map(({ id }) => id))
/** Measurements by the name of the profile that they run. */
const byProfile = groupBy(
  points.filter(({ id }) => expressed.has(id)),
  (point) => engineDefaults(point, acceleratorOf(point, registries)).profile,
)

function groupBy(rows, keyOf) {
  const groups = new Map()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}

const sha = (text) => createHash('sha1').update(text).digest()
const order = (point) => sha(point.id).toString('hex')
/** The half of the configurations that searches see: no configuration is on both sides. */
function isSeen(point) {
  const columns =
    'source model hardware weight_dtype tp dp pp ep engine engine_version scenario input_len output_len'
  return (
    sha(
      columns
        .split(' ')
        .map((column) => point[column] ?? '')
        .join('|'),
    )[0] %
      2 ===
    0
  )
}

function sampleOf(rows) {
  return rows.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, Number(options.sample))
}

if (options.half) await searchHalf()
else await leaveOut()
await simulated.end()
console.error(`${Math.round((Date.now() - started) / 1000)} s on ${options.jobs} threads`)

async function searchHalf() {
  for (const [name, rows] of byProfile) {
    if (options.only !== undefined && options.only !== name) continue
    const profile = registries.engineProfiles.get(name, 'engine')
    const { found, values } = await searchProfile(
      profile,
      sampleOf(rows.filter(isSeen)),
      simulated,
      { turns: TURNS },
    )
    if (found.length === 0) continue
    const changed = withConstants(profile, found, values.map(Math.exp))
    const errors = await simulated.errors(rows, [changed])
    const seen = new Set(rows.filter(isSeen).map(({ id }) => id))
    console.log(
      name,
      JSON.stringify(
        found.map(({ field }, index) => [
          field.join('.'),
          Number(Math.exp(values[index]).toPrecision(2)),
        ]),
      ),
    )
    const before = shipped.filter(({ id }) => rows.some((row) => row.id === id))
    for (const [half, kept] of [
      ['seen', (row) => seen.has(row.id)],
      ['held out', (row) => !seen.has(row.id)],
    ])
      console.log(
        half.padEnd(9),
        'shipped',
        shares(before.filter(kept)),
        '| searched',
        shares(errors.filter(kept)),
      )
  }
}

async function leaveOut() {
  const hardware = new Map(points.map(({ id, hardware }) => [id, hardware]))
  const left = new Map()
  for (const [name, rows] of byProfile) {
    if (options.only !== undefined && options.only !== name) continue
    const profile = registries.engineProfiles.get(name, 'engine')
    const accelerators = new Set(rows.map((row) => row.hardware))
    console.error(`${name}: ${rows.length} measurements on ${accelerators.size} accelerators`)
    const all = await searchProfile(profile, sampleOf(rows), simulated, { turns: TURNS })
    for (const accelerator of accelerators) {
      const own = rows.filter((row) => row.hardware === accelerator)
      let changed = []
      if (all.found.length > 0) {
        const values = solve(all.unknowns, all.line, ({ id }) => hardware.get(id) !== accelerator)
        changed = [withConstants(profile, all.found, values.map(Math.exp))]
      }
      const errors = await simulated.errors(own, changed)
      left.set(accelerator, [...(left.get(accelerator) ?? []), ...errors])
    }
  }
  const before = groupBy(shipped, ({ id }) => hardware.get(id))
  console.log(errorTable(before, left, LEAST_ROWS))
}
