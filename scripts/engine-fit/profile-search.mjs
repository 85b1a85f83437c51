import { constantsOf, withConstants } from './profile-constants.mjs'

const { fitRegularised } = await import(
  new URL('../../apps/cli/dist/calibration/regularised-fit.js', import.meta.url)
)

/** Difference of a constant's logarithm by which the simulation is differentiated. */
const DIFFERENCE = 0.1

/** Errors that tell of an engine: no tails, and no TTFT behind a queue. */
export function telling({ metric, saturated, simulated }) {
  if (metric.endsWith('p99') || !(simulated > 0)) return false
  return !(saturated && metric === 'ttft_ms_mean')
}

const keyOf = ({ id, metric }) => `${metric} ${id}`

/**
 * Searches the constants of one profile: the most plausible ones by the logarithmic errors of `points`, outliers
 * weighing less, and by what is believed of each before. Gauss and Newton, `turns` times, from what is believed on.
 *
 * Returns the values, and the errors and slopes around them by row, for searches without some of the rows.
 */
export async function searchProfile(profile, points, simulated, { turns }) {
  const found = constantsOf(profile)
  const unknowns = found.map(({ start, freedom }) => ({
    start: Math.log(start),
    least: Math.log(start) - 3 * Math.log(freedom),
    most: Math.log(start) + 3 * Math.log(freedom),
    freedom: Math.log(freedom),
  }))
  let values = unknowns.map(({ start }) => start)
  if (found.length === 0) return { found, unknowns, values }
  let line
  for (let turn = 0; turn < turns; turn++) {
    line = await lineAround(profile, found, values, points, simulated)
    values = solve(unknowns, line, () => true)
  }
  return { found, unknowns, values, line }
}

/** The most plausible values by those rows of a line that are kept. */
export function solve(unknowns, { at, rows }, kept) {
  const used = rows.filter(kept)
  return fitRegularised({
    unknowns,
    spreads: used.map(({ spread }) => spread),
    errors: (values) =>
      used.map(({ error, slopes }) =>
        slopes.reduce((sum, slope, index) => sum + slope * (values[index] - at[index]), error),
      ),
  }).values
}

/** Errors at some values, and how they change with each of them. */
async function lineAround(profile, found, at, points, simulated) {
  const errorsAt = async (values) => {
    const changed = withConstants(profile, found, values.map(Math.exp))
    const errors = (await simulated.errors(points, [changed])).filter(telling)
    return new Map(
      errors.map((error) => [keyOf(error), Math.log(error.simulated / error.measured)]),
    )
  }
  const [here, ...there] = await Promise.all([
    errorsAt(at),
    ...at.map((_, index) =>
      errorsAt(at.map((value, each) => (each === index ? value + DIFFERENCE : value))),
    ),
  ])
  const byId = new Map()
  for (const key of here.keys()) {
    const id = key.slice(key.indexOf(' ') + 1)
    byId.set(id, (byId.get(id) ?? 0) + 1)
  }
  const rows = [...here].map(([key, error]) => {
    const id = key.slice(key.indexOf(' ') + 1)
    const spread = Math.sqrt(byId.get(id))
    return {
      key,
      id,
      error,
      spread,
      slopes: there.map((errors) => ((errors.get(key) ?? error) - error) / DIFFERENCE),
    }
  })
  rows.sort((a, b) => (a.key < b.key ? -1 : 1))
  return { at, rows }
}
