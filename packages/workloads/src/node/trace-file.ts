import { clientRows, expectedRequests } from '../rate-windows.js'
import { newRow } from '../trace-row.js'
import { RowColumns, type TraceRows } from '../trace-rows.js'
import { fileError } from '../trace-values.js'
import { traceInput } from './trace-input.js'

/** Most requests that are drawn into memory. */
const drawnLimit = 20_000_000

/**
 * Reads a trace whole, in any of the forms of `openTrace` but Parquet: 16 bytes of each request are
 * held. Of rates, the requests are drawn.
 *
 * @throws SimulatorError as `openTrace`, and FILE for Parquet and for rates that give more than 20
 * million requests.
 */
export function readTrace(path: string): TraceRows {
  const input = traceInput(path, 0)
  const columns = new RowColumns()
  switch (input.kind) {
    case 'parquet':
      throw fileError(path, 'is a Parquet file', 'CSV or JSON; openTrace reads Parquet')
    case 'columns':
      return input.rows
    case 'clients': {
      const expected = expectedRequests(input.clients)
      if (expected > drawnLimit)
        throw fileError(
          path,
          `gives about ${Math.round(expected)} requests`,
          `at most ${drawnLimit}; openTrace draws them one by one`,
        )
      columns.addAll(clientRows(input.clients, 0), newRow())
      break
    }
    case 'rows':
      columns.addAll(input.reader(), newRow())
  }
  if (columns.rows === 0) throw fileError(path, 'has a header and no rows', 'at least one request')
  return columns.finish()
}
