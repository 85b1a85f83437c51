import { wholeText } from './text-lines.js'
import { traceReader } from './trace-reader.js'
import { newRow } from './trace-row.js'
import { RowColumns, type TraceRows } from './trace-rows.js'
import { fileError } from './trace-values.js'

/**
 * Parses a text in one of the forms of {@link traceReader}. Rows that are not in time order are
 * sorted; those that arrive together keep their order. Requests without a prompt or an output,
 * which failed, are left out.
 *
 * @param options.path the name of the file, for errors.
 * @throws SimulatorError FILE for a text that is no trace, INVALID_VALUE for a value; its path is
 * `<file>`, `<file>:<line>` or `<file>:<line>:<column>`.
 */
export function parseTrace(text: string, options: { readonly path: string }): TraceRows {
  const { path } = options
  const reader = traceReader(wholeText(text), path)
  const columns = new RowColumns()
  columns.addAll(reader, newRow())
  if (columns.rows === 0) throw fileError(path, 'has a header and no rows', 'at least one request')
  return columns.finish()
}
