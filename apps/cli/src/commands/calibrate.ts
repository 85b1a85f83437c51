import {
  CatalogName,
  SimulatorError,
  type Accelerator,
  type Calibration,
  type EngineProfile,
} from '@llmsim/contracts'
import { datasheetCalibration } from '@llmsim/cost-models/calibrated'
import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { calibrationDocument } from '../calibration/calibration-document.js'
import { calibrationText } from '../calibration/calibration-text.js'
import type { FitOutcome } from '../calibration/fit-outcome.js'
import { calibrateOperators } from '../calibration/operator-calibration.js'
import { parseTimings } from '../calibration/operator-timing.js'
import {
  calibrateServing,
  scaledCalibration,
  scaledProfile,
} from '../calibration/serving-calibration.js'
import { inputText } from '../input-text.js'
import type { Io } from '../io.js'
import { jsonText } from '../output/results-document.js'
import { fileTarget, writeWhole } from '../output/write-file.js'
import { loadRegistries, type Registries } from '../registries.js'
import { refuseInputAsOutput, type InputFile } from '../scenario/input-files.js'
import { engineDefaults } from '../validation/engine-defaults.js'
import { measuredCosts } from '../validation/measured-costs.js'
import { engineName, parsePoints, type MeasuredPoint } from '../validation/measured-point.js'
import { acceleratorOf } from '../validation/point-layout.js'
import { oneOf } from './option-values.js'

export interface CalibrateOptions {
  readonly xpu?: string
  readonly output?: string
  readonly name?: string
  readonly engine?: string
  readonly date?: string
  readonly sourceUrl?: string
  readonly format?: string
  readonly catalog?: readonly string[]
}

/** What a table of either kind gave. */
interface Fitted {
  readonly calibration: Calibration
  readonly profile?: EngineProfile
  readonly fits: readonly FitOutcome[]
  /** Measurements that were passed over, and why. */
  readonly skipped: readonly { readonly id: string; readonly reason: string }[]
}

/** Fits an accelerator's coefficients to measurements of its owner's, and writes a calibration. */
export async function calibrate(file: string, options: CalibrateOptions, io: Io): Promise<void> {
  const format = oneOf('--format', options.format ?? 'table', ['table', 'json'] as const)
  const target = options.output === undefined ? undefined : fileTarget(options.output, io.cwd)
  // Files of other names are taken for modules.
  if (target !== undefined && !target.special && !target.absolute.endsWith('.json'))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: '--output',
      message: 'is no name that --catalog reads JSON from',
      given: target.name,
      accepted: 'a file that ends in .json',
    })
  const today = new Date().toISOString().slice(0, 10)
  const date = checked(z.iso.date(), options.date ?? today, '--date', 'YYYY-MM-DD')
  const url = checked(
    z.url(),
    options.sourceUrl ?? `file:///${encodeURIComponent(path.basename(file))}`,
    '--source-url',
    'an address, as https://example.com/measurements',
  )
  if (options.xpu === undefined)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: '--xpu',
      message: 'is required',
      accepted: 'the accelerator that was measured, as h100-80gb',
    })
  const registries = await loadRegistries({ catalog: options.catalog ?? [] }, io.cwd)
  const accelerator = registries.accelerators.get(options.xpu, '--xpu')
  const known = measuredCosts(accelerator, registries)
  const base = known?.calibration ?? datasheetCalibration(accelerator)
  const name = checked(
    CatalogName,
    options.name ?? accelerator.name,
    '--name',
    'lower-case letters, digits, dots, dashes and underscores',
  )
  const text = inputText(file, io.cwd, 'an existing file in CSV')
  if (target !== undefined)
    refuseInputAsOutput(target, [
      ...inputs(file, [file], io.cwd),
      ...inputs('--catalog', options.catalog ?? [], io.cwd),
    ])
  const fitted = isTimings(text, file)
    ? fromTimings(text, file, options, base, accelerator)
    : fromPoints(text, file, { options, base, accelerator, registries, name })
  const aliases =
    name === accelerator.name
      ? base.aliases
      : [accelerator.name, ...base.aliases.filter((alias) => alias !== name)]
  const title = `Own measurements of ${accelerator.name}: ${path.basename(file)}`
  const document = calibrationDocument(fitted.calibration, fitted.fits, {
    ...{ name, aliases, date, url, title },
  })
  const profile = fitted.profile
  const entries =
    profile === undefined
      ? document
      : [document, { ...profile, sources: [...profile.sources, { url, note: title }] }]
  if (target !== undefined) writeWhole(target, `${jsonText(entries).trimEnd()}\n`)
  if (format === 'json') {
    const { fits, skipped } = fitted
    io.stdout(jsonText({ name, xpu: accelerator.name, version: document.version, fits, skipped }))
    return
  }
  const lines = [calibrationText(fitted.fits)]
  if (known?.exact !== true)
    lines.push(
      `${accelerator.name} had no calibration: started from ${known === undefined ? 'its datasheet' : `that of ${known.from}`}`,
    )
  if (fitted.skipped.length > 0) {
    const [first] = fitted.skipped
    lines.push(`${fitted.skipped.length} passed over, as ${first?.id}: ${first?.reason}`)
  }
  if (profile !== undefined) lines.push(`engine profile: ${profile.name}`)
  lines.push(
    target === undefined
      ? 'not written: name a file by --output'
      : `wrote version ${document.version} of ${name}: use it by --catalog ${target.name}`,
  )
  io.stdout(`${lines.join('\n\n')}\n`)
}

function fromTimings(
  text: string,
  file: string,
  { engine }: CalibrateOptions,
  base: Calibration,
  accelerator: Accelerator,
): Fitted {
  if (engine !== undefined)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: '--engine',
      message: 'operator timings say nothing of an engine',
      given: engine,
      accepted: 'serving measurements',
    })
  return { ...calibrateOperators(parseTimings(text, file), base, accelerator, file), skipped: [] }
}

function fromPoints(
  text: string,
  file: string,
  given: {
    options: CalibrateOptions
    base: Calibration
    accelerator: Accelerator
    registries: Registries
    name: string
  },
): Fitted {
  const { options, base, accelerator, registries, name } = given
  const engine = options.engine === undefined ? undefined : engineName(options.engine).toLowerCase()
  const points = parsePoints(text, file).filter(
    (point) =>
      measuredOn(point, registries) === accelerator.name &&
      (engine === undefined || point.engine.toLowerCase() === engine),
  )
  const [first] = points
  if (first === undefined)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: file,
      message: `has no row of ${accelerator.name}${engine === undefined ? '' : ` and ${engine}`}`,
      accepted: 'rows whose hardware is that of --xpu, and whose engine that of --engine',
    })
  const engineStep = engine !== undefined
  const { factors, fit, skipped } = calibrateServing(points, {
    ...{ base, accelerator, registries, engineStep, file },
  })
  const result = { calibration: scaledCalibration(base, factors), fits: [fit], skipped }
  if (!engineStep) return result
  const shipped = registries.engineProfiles.get(
    engineDefaults(first, accelerator).profile,
    '--engine',
  )
  const profile = {
    ...scaledProfile(shipped, factors),
    name: `${shipped.name}-${name}`,
    aliases: [],
    version: shipped.version + 1,
  }
  return { ...result, profile }
}

/** The catalog's name of what a measurement ran on; undefined of what it does not know. */
function measuredOn(point: MeasuredPoint, registries: Registries): string | undefined {
  try {
    return acceleratorOf(point, registries).name
  } catch {
    return undefined
  }
}

/** Tells timings of operators from serving measurements by their header. */
function isTimings(text: string, file: string): boolean {
  const [head = ''] = text.replace(/^\uFEFF/, '').split(/\r?\n/, 1)
  const columns = head.split(',').map((column) => column.trim().replace(/^"(.*)"$/, '$1'))
  if (columns.includes('kernel') && columns.includes('seconds')) return true
  if (columns.includes('model') && columns.includes('hardware')) return false
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: `${file}: line 1`,
    message: 'is the header of neither kind of table',
    given: head,
    accepted: 'kernel, format, seconds and sizes; or the columns of llmsim validate',
  })
}

/** Those of the files that there are. */
function inputs(source: string, files: readonly string[], cwd: string): InputFile[] {
  return files
    .map((file) => path.resolve(cwd, file))
    .filter((file) => existsSync(file))
    .map((file) => ({ source, absolute: realpathSync(file) }))
}

function checked<T>(schema: z.ZodType<T>, given: T, flag: string, accepted: string): T {
  if (schema.safeParse(given).success) return given
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: flag,
    message: 'is invalid',
    given,
    accepted,
  })
}
