import { SimulatorError } from '@llmsim/contracts'
import type { ResultsDocument } from './results-document.js'
import { fileTarget, writeWhole, type FileTarget } from './write-file.js'

/**
 * Where `--report` says that the page shall be written.
 *
 * Throws `SimulatorError` at the flag, also where the results go to the same file.
 */
export function reportTarget(
  name: string | undefined,
  results: FileTarget | undefined,
  cwd: string,
): FileTarget | undefined {
  if (name === undefined) return undefined
  const target = fileTarget(name, cwd, '--report')
  if (target.absolute !== results?.absolute) return target
  throw new SimulatorError({
    code: 'CONFLICT',
    path: '--report',
    message: 'is the file that the results are written to',
    given: name,
    accepted: 'another file than that of --output',
  })
}

/** Writes one result as a page. */
export async function writeReport(target: FileTarget, results: ResultsDocument): Promise<void> {
  // The drawing library is loaded where it is needed.
  const { htmlReport } = await import('@llmsim/report')
  const label = results.scenario.name ?? 'this run'
  writeWhole(target, htmlReport([{ label, results: results }]), '--report')
}
