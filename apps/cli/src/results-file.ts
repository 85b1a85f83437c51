import { ResultsDocument, SimulatorError } from '@llmsim/contracts'
import type { ReportedResult } from '@llmsim/report'
import path from 'node:path'
import { readText } from './scenario/scenario-file.js'

/**
 * Reads the results that `run --output` wrote, or the list of them that `compare --format json` prints.
 * Fields that this version does not know are passed over.
 *
 * Throws `SimulatorError` at the file.
 */
export function readResults(file: string, cwd: string): ReportedResult[] {
  const value = parsed(readText(path.resolve(cwd, file), file), file)
  const own = path.basename(file).replace(/\.json$/, '')
  if (!Array.isArray(value)) return [{ label: own, results: documentOf(value, file) }]
  return (value as unknown[]).flatMap((entry, index) => {
    const { label, error, ...document } = (entry ?? {}) as Record<string, unknown>
    // A deployment that the model did not fit has no results.
    if (error !== undefined) return []
    const name = typeof label === 'string' ? label : `${own} ${index + 1}`
    return [{ label: name, results: documentOf(document, `${file}[${index}]`) }]
  })
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refusal('FILE', file, 'is not JSON')
  }
}

function documentOf(value: unknown, file: string): ResultsDocument {
  const { error } = ResultsDocument.safeParse(value)
  const fault = error?.issues.find(({ code }) => code !== 'unrecognized_keys')
  if (fault !== undefined) {
    const field = fault.path.join('.')
    throw refusal(
      'INVALID_VALUE',
      field === '' ? file : `${file}: ${field}`,
      'is not what a results file has there',
    )
  }
  return value as ResultsDocument
}

function refusal(code: 'FILE' | 'INVALID_VALUE', file: string, message: string): SimulatorError {
  return new SimulatorError({
    code,
    path: file,
    message,
    accepted: 'a results file, as llmsim run --output writes it',
  })
}
