import { SimulatorError, type WorkloadSection } from '@llmsim/contracts'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { findFile } from './catalog-entries.js'
import type { ResolvedScenario } from './resolved-scenario.js'

/** A trace that results were made of. */
export interface KnownTrace {
  /** As the results file names it. */
  readonly trace: string
  /** SHA-256 of its bytes; undefined: the results do not say. */
  readonly sha256: string | undefined
  /** The results file, as it was named. */
  readonly results: string
}

/** Bytes that are hashed at a time. */
const chunkSize = 1 << 20

/** SHA-256 of the trace of a scenario; undefined: it has none, or one that can be read only once. */
export function traceHash(
  { workload }: ResolvedScenario,
  folders: readonly string[],
): string | undefined {
  const file = workload.trace === undefined ? undefined : findFile(workload.trace, folders)
  return file !== undefined && statSync(file).isFile() ? fileHash(file) : undefined
}

/**
 * The scenario as a file in `folder` says it: a relative path to a trace starts from there. What was
 * given as an absolute path stays one.
 */
export function seenFrom<S extends { readonly workload?: WorkloadSection | undefined }>(
  folder: string,
  scenario: S,
  folders: readonly string[],
): S {
  const trace = scenario.workload?.trace
  const file = trace === undefined || path.isAbsolute(trace) ? undefined : findFile(trace, folders)
  if (file === undefined) return scenario
  const real = path.join(realpathSync(path.dirname(file)), path.basename(file))
  const relative = path.relative(realpathSync(folder), real).replaceAll(path.sep, '/')
  return { ...scenario, workload: { ...scenario.workload, trace: relative } }
}

/**
 * The folders, that in which the trace of the results lies first.
 *
 * Throws `SimulatorError` where there is none, or none with the same bytes.
 */
export function foldersOfTrace(
  { trace, sha256, results }: KnownTrace,
  folders: readonly string[],
): readonly string[] {
  const places = [...new Set(folders.map((folder) => path.resolve(folder, trace)))]
  const found = folders.filter((folder) => existsSync(path.resolve(folder, trace)))
  if (found.length === 0) throw missingTrace(trace, places)
  if (sha256 === undefined) return folders
  const same = found.find((folder) => {
    const file = path.resolve(folder, trace)
    return statSync(file).isFile() && fileHash(file) === sha256
  })
  if (same === undefined) {
    const others = found.map((folder) => path.resolve(folder, trace)).join(' and ')
    throw new SimulatorError({
      code: 'CONFLICT',
      path: 'workload.trace',
      message: `is not the trace that ${results} was made of: the content of ${others} differs`,
      given: trace,
      accepted: `a file with the SHA-256 ${sha256}, or --trace FILE for another one`,
    })
  }
  return [same, ...folders.filter((folder) => folder !== same)]
}

/** The error of a trace that is in none of the places where it may be. */
export function missingTrace(trace: string, places: readonly string[]): SimulatorError {
  return new SimulatorError({
    code: 'FILE',
    path: 'workload.trace',
    message: `there is no such file (looked for ${places.join(' and ')})`,
    given: trace,
    accepted: 'an existing trace (llmsim trace inspect says what a file holds)',
  })
}

function fileHash(file: string): string {
  const hash = createHash('sha256')
  const bytes = Buffer.allocUnsafe(chunkSize)
  const descriptor = openSync(file, 'r')
  try {
    for (;;) {
      const count = readSync(descriptor, bytes, 0, chunkSize, null)
      if (count === 0) return hash.digest('hex')
      hash.update(bytes.subarray(0, count))
    }
  } finally {
    closeSync(descriptor)
  }
}
