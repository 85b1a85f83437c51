import { writeWhole, type FileTarget } from './write-file.js'
import type { ResultsDocument } from './results-document.js'

/** Writes one result as a page. */
export async function writeReport(target: FileTarget, results: ResultsDocument): Promise<void> {
  // The drawing library is loaded where it is needed.
  const { htmlReport } = await import('@llmsim/report')
  const label = results.scenario.name ?? 'this run'
  writeWhole(target, htmlReport([{ label, results }]), '--report')
}
