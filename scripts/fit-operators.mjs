/**
 * Fits the curves of packages/catalog-calibrations to measured operator tables.
 *
 * `node scripts/fit-operators.mjs [FOLDER] [--only NAME]` reads FOLDER (../shared/measured/operators),
 * writes one JSON per accelerator, and prints the errors on the fifth of the rows that was left out.
 * The same tables give the same files. Build the packages first (`pnpm build`).
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { accelerators as datasheets } from '@llmsim/catalog-hardware'
import prettier from 'prettier'
import { fitAccelerator } from './operator-fit/accelerator-fit.mjs'
import { measured } from './operator-fit/measured-accelerators.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const options = process.argv.slice(2)
const at = options.indexOf('--only')
const only = at === -1 ? undefined : options.splice(at, 2)[1]
const folder = path.resolve(root, options[0] ?? '../shared/measured/operators')

if (!existsSync(path.join(folder, 'aiconfigurator', 'index.csv'))) {
  console.log(`Skipped: ${path.relative(root, folder)} holds no operator tables.`)
  process.exit(0)
}

const style = await prettier.resolveConfig(path.join(root, 'package.json'))
console.log('accelerator      curve                             rows  held  median   p90')
for (const entry of measured) {
  if (only !== undefined && entry.name !== only) continue
  const datasheet = datasheets.find(({ name }) => name === entry.name)
  const calibration = fitAccelerator(entry, datasheet, folder, relativeOf(entry))
  for (const fit of calibration.fits)
    console.log(
      entry.name.padEnd(16),
      fit.curve.padEnd(30),
      String(fit.rows).padStart(7),
      String(fit.held_out_rows).padStart(5),
      `${fit.median_error_percent.toFixed(1)} %`.padStart(7),
      `${fit.p90_error_percent.toFixed(1)} %`.padStart(7),
    )
  const file = path.join(
    root,
    `packages/catalog-calibrations/src/${datasheet.vendor}/${entry.name}.json`,
  )
  mkdirSync(path.dirname(file), { recursive: true })
  const text = await prettier.format(JSON.stringify(calibration), { ...style, parser: 'json' })
  writeFileSync(file, text)
}

/** The calibration that stands for what nothing was measured of, as it was fitted before. */
function relativeOf({ relative }) {
  if (relative === undefined) return undefined
  const file = path.join(root, `packages/catalog-calibrations/src/nvidia/${relative}.json`)
  return JSON.parse(readFileSync(file, 'utf8'))
}
