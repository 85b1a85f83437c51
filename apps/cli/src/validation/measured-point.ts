import { NumberFormat, SimulatorError } from '@llmsim/contracts'
import Papa from 'papaparse'
import { z } from 'zod'

/** What a measurement states, named as the columns of the file. */
export const metrics = [
  'output_tokens_per_s',
  'total_tokens_per_s',
  'requests_per_s',
  'ttft_ms_mean',
  'ttft_ms_p99',
  'tpot_ms_mean',
  'tpot_ms_p99',
  'e2e_ms_mean',
] as const
export type Metric = (typeof metrics)[number]

const name = z.string().min(1)
const text = z.string().default('')
const number = z.coerce.number<string>()
const size = number.pipe(z.int().positive())
const amount = number.pipe(z.number().positive())
const figure = amount.optional()

/** An engine as measurements name it: TensorRT-LLM has a short name there. */
export function engineName(given: string): string {
  return /^tensorrt-?llm$/i.test(given) ? 'trtllm' : given
}

/** One measured configuration with all its metrics; a blank cell is an absent field. */
const MeasuredPointRow = z.object({
  id: name,
  source: text,
  model: name,
  hardware: name,
  engine: name.transform(engineName),
  engine_version: text,
  weight_dtype: NumberFormat.optional(),
  activation_dtype: NumberFormat.optional(),
  kv_dtype: NumberFormat.optional(),
  /** Devices of one node, as products have them. */
  devices_per_node: size.optional(),
  tp: size.default(1),
  pp: size.default(1),
  /** Attention data parallelism inside one engine. */
  dp: size.default(1),
  /** Devices that whole experts are spread over; they are those of tp and dp. */
  ep: size.default(1),
  /** Independent engines. */
  replicas: size.default(1),
  /** static: a batch starts together; offline: all queued at 0; closed: users; open: Poisson. */
  scenario: z.enum(['static', 'offline', 'closed', 'open']),
  batch: size.optional(),
  concurrency: size.optional(),
  request_rate: amount.optional(),
  num_requests: size.optional(),
  /** Nominal or mean tokens. */
  input_len: amount.optional(),
  output_len: amount.optional(),
  /** Lengths are uniform between this share of the nominal one and all of it; absent: they vary. */
  length_range_ratio: number.pipe(z.number().positive().max(1)).optional(),
  max_num_seqs: size.optional(),
  max_num_batched_tokens: size.optional(),
  prefix_caching: z.enum(['on', 'off']).optional(),
  output_tokens_per_s: figure,
  total_tokens_per_s: figure,
  requests_per_s: figure,
  ttft_ms_mean: figure,
  ttft_ms_p99: figure,
  tpot_ms_mean: figure,
  tpot_ms_p99: figure,
  e2e_ms_mean: figure,
  notes: text,
  /** Devices of the pools of a disaggregated engine; absent where one engine does both. */
  prefill_tp: size.optional(),
  decode_tp: size.optional(),
  prefill_workers: size.optional(),
  decode_workers: size.optional(),
})
export type MeasuredPoint = z.infer<typeof MeasuredPointRow>

/** Columns that are read. */
export const pointColumns: readonly string[] = Object.keys(MeasuredPointRow.shape)

const required = ['id', 'model', 'hardware', 'engine', 'scenario', 'input_len', 'output_len']

/**
 * Reads a table of measurements; columns that are not known are passed over.
 *
 * Throws `SimulatorError` with the line and the column at fault.
 *
 * @param file what errors call the table.
 */
export function parsePoints(csv: string, file: string): MeasuredPoint[] {
  const { data, errors } = Papa.parse<string[]>(csv.replace(/^\uFEFF/, ''), {
    delimiter: ',',
    skipEmptyLines: false,
  })
  const [header = [], ...rows] = data
  const quoting = errors.find(({ type }) => type === 'Quotes')
  if (quoting !== undefined)
    throw invalid(`${file}: row ${(quoting.row ?? 0) + 1}`, quoting.message, undefined)
  const columns = header.map((column) => column.trim())
  const missing = required.find((column) => !columns.includes(column))
  if (missing !== undefined)
    throw invalid(file, `has no column ${missing}`, columns.join(','), required.join(', '))
  const points: MeasuredPoint[] = []
  const seen = new Set<string>()
  let line = 1 + lineBreaks(header)
  for (const row of rows) {
    line += 1
    const at = `${file}: line ${line}`
    line += lineBreaks(row)
    if (row.every((cell) => cell.trim() === '')) continue
    if (row.length !== columns.length)
      throw invalid(at, `has ${row.length} cells`, undefined, `${columns.length}, as the header`)
    const point = parseRow(columns, row, at)
    if (seen.has(point.id)) throw invalid(`${at}: id`, 'appears twice', point.id)
    seen.add(point.id)
    points.push(point)
  }
  return points
}

function parseRow(columns: readonly string[], row: readonly string[], at: string): MeasuredPoint {
  const cells = columns.map((column, index) => [column, row[index]?.trim() ?? ''] as const)
  return parsePoint(Object.fromEntries(cells), (column) => `${at}: ${column}`)
}

/**
 * Reads the cells of one measurement by column; an empty one counts as absent. Throws `SimulatorError`.
 *
 * @param place what errors call a column.
 */
export function parsePoint(
  cells: Readonly<Record<string, string | undefined>>,
  place: (column: string) => string,
): MeasuredPoint {
  const filled = Object.fromEntries(
    Object.entries(cells).filter(([, cell]) => cell !== undefined && cell !== ''),
  )
  const parsed = MeasuredPointRow.safeParse(filled)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const column = String(issue?.path[0] ?? '')
  const given = filled[column]
  throw invalid(
    place(column),
    given === undefined ? 'is required' : (issue?.message ?? 'is invalid'),
    given,
  )
}

/** Line breaks inside quoted cells. */
function lineBreaks(cells: readonly string[]): number {
  return cells.reduce((total, cell) => total + cell.split('\n').length - 1, 0)
}

function invalid(path: string, message: string, given: unknown, accepted?: string): SimulatorError {
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path,
    message,
    given,
    ...(accepted === undefined ? {} : { accepted }),
  })
}
