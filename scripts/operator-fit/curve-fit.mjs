import { levenbergMarquardt } from 'ml-levenberg-marquardt'

/** FNV-1a of a row's key: decides, the same every time, whether the row is left out of the fit. */
export function hash(text) {
  let state = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    state ^= text.charCodeAt(i)
    state = Math.imul(state, 0x01000193) >>> 0
  }
  state ^= state >>> 15
  return Math.imul(state, 0x2c1b3c6d) >>> 0
}

/** Rows that the fit sees at most: more of them change nothing but the time it takes. */
const MOST_ROWS = 600

/** Errors beyond this are taken as outliers: they weigh less, as in an L1 fit. */
const OUTLIER = 0.08

/** Search scales: shares over their odds, all else over its logarithm, so that bounds hold. */
const scales = {
  share: {
    into: (x) => Math.log(x / (1 - x)),
    from: (z) => 1 / (1 + Math.exp(-z)),
  },
  size: {
    into: (x) => Math.log(Math.max(x, 1e-12)),
    from: (z) => Math.exp(z),
  },
}

export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
}

const round = (x) => Number(x.toPrecision(4))

/** One row per shape: of several kernels that can run it, the fastest, as an engine would choose. */
function fastest(rows) {
  const best = new Map()
  for (const row of rows) {
    const known = best.get(row.key)
    if (known === undefined || row.seconds < known.seconds) best.set(row.key, row)
  }
  return [...best.values()]
}

/** Every combination of the parameters' starting values: regimes that no row is in have no gradient. */
function starts(parameters) {
  let found = [[]]
  for (const { start, starts: several = [start] } of Object.values(parameters))
    found = found.flatMap((values) => several.map((value) => [...values, value]))
  return found
}

/**
 * Fits a curve to rows `{ key, seconds, … }` by robust least squares of the logarithm: Levenberg and
 * Marquardt, reweighted thrice so that outliers pull less. A fifth of the rows, by their key's hash, is
 * left out and tells the error.
 *
 * @param parameters `{ name: { kind: 'share'|'size', start, least, most } }`
 * @param predict `(curve, row) => seconds`
 * @param impossible Rows to set aside: they contradict the datasheet (data held in a cache).
 */
export function fitCurve(
  measured,
  parameters,
  predict,
  impossible = () => false,
  mostRows = MOST_ROWS,
) {
  const rows = fastest(measured)
  const kept = rows.filter((row) => row.seconds > 0 && !impossible(row))
  const held = kept.filter((row) => hash(row.key) % 5 === 0)
  const seen = kept
    .filter((row) => hash(row.key) % 5 !== 0)
    .map((row) => [hash(`order ${row.key}`), row])
    .toSorted((a, b) => a[0] - b[0])
    .slice(0, mostRows)
    .map(([, row]) => row)
  const names = Object.keys(parameters)
  const curveAt = (z) =>
    Object.fromEntries(names.map((name, i) => [name, scales[parameters[name].kind].from(z[i])]))
  const bound = (which) =>
    names.map((name) => scales[parameters[name].kind].into(parameters[name][which]))
  const minValues = bound('least')
  const maxValues = bound('most')
  const x = seen.map((_, i) => i)
  const y = seen.map((row) => Math.log(row.seconds))
  const loss = (z) => {
    const curve = curveAt(z)
    return seen.reduce((sum, row, i) => {
      const off = (Math.log(predict(curve, row)) - y[i]) / OUTLIER
      return sum + Math.sqrt(1 + off * off)
    }, 0)
  }
  const from = (initialValues, weights) =>
    levenbergMarquardt(
      { x, y },
      (z) => {
        const curve = curveAt(z)
        return (i) => Math.log(predict(curve, seen[i]))
      },
      {
        initialValues,
        minValues,
        maxValues,
        weights,
        maxIterations: 30,
        damping: 0.1,
        gradientDifference: 1e-4,
        improvementThreshold: 1e-6,
        errorTolerance: 1e-12,
      },
    ).parameterValues
  let best
  for (const start of starts(parameters)) {
    let found = names.map((name, i) => scales[parameters[name].kind].into(start[i]))
    for (let turn = 0; turn < 4; turn++) {
      const curve = curveAt(found)
      // The library squares its weights; the first turn takes all rows alike.
      const weights = seen.map((row, i) => {
        const off = turn === 0 ? 0 : (Math.log(predict(curve, row)) - y[i]) / OUTLIER
        return 1 / Math.sqrt(Math.sqrt(1 + off * off))
      })
      const next = from(found, weights)
      if (turn > 1 && loss(next) > loss(found)) break
      found = next
    }
    if (best === undefined || loss(found) < loss(best)) best = found
  }
  const curve = Object.fromEntries(
    Object.entries(curveAt(best)).map(([name, found]) => [
      name,
      found <= parameters[name].least * 1.01 && parameters[name].zero ? 0 : round(found),
    ]),
  )
  const errors = held.map((row) => Math.abs(predict(curve, row) / row.seconds - 1))
  return {
    curve,
    /** Of the rows that were fitted, to choose between forms by. */
    loss: loss(best),
    fit: {
      rows: kept.length - held.length,
      held_out_rows: held.length,
      median_error_percent: Number((100 * quantile(errors, 0.5)).toFixed(1)),
      p90_error_percent: Number((100 * quantile(errors, 0.9)).toFixed(1)),
      excluded_rows: rows.length - kept.length,
    },
  }
}
