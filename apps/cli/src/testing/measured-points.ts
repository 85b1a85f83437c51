import { parsePoint, type MeasuredPoint } from '../validation/measured-point.js'

/** An invented measurement: what the given cells do not say is usual. */
export function measuredPoint(cells: Readonly<Record<string, string>> = {}): MeasuredPoint {
  return parsePoint(
    {
      id: 'A-1',
      model: 'llama3-8b',
      hardware: 'h100-80gb',
      engine: 'vllm',
      engine_version: '0.12.0',
      scenario: 'closed',
      concurrency: '4',
      num_requests: '8',
      input_len: '128',
      output_len: '16',
      length_range_ratio: '1',
      ...cells,
    },
    (column) => column,
  )
}
