import { clockTimeFormat } from './clock-time.js'

/** A form of trace with one request in a row: the names of its columns, or keys, and their units. */
export interface ColumnFormat {
  readonly name: string
  /** Absent: the trace has lengths alone. */
  readonly arrival?: string
  readonly prompt: string
  readonly output: string
  readonly session?: string
  readonly tenant?: string
  /** Name of its LoRA adapter. */
  readonly adapter?: string
  /** Seconds since the session's previous answer. */
  readonly think?: string
  /** Column in which 0 is most urgent. */
  readonly urgency?: string
  /** Units of the arrival in a second; `clock` for a time of the calendar. */
  readonly unitsPerSecond: number | 'clock'
  /** Whether arrivals count from the first one. */
  readonly relative: boolean
  /** Whether a count of 0 tokens marks a failed request, which is left out and counted. */
  readonly failures: boolean
  readonly accepted: string
}

const seconds = 'seconds from 0 to 1e15'

function lengths(prompt: string, output: string): ColumnFormat {
  return {
    name: 'lengths',
    prompt,
    output,
    unitsPerSecond: 1,
    relative: false,
    failures: true,
    accepted: '',
  }
}

/** In the order in which they are tried: a format comes before those whose columns it includes. */
export const columnFormats: readonly ColumnFormat[] = [
  {
    // Azure public data set: Patel et al., "Splitwise", ISCA 2024, and the traces of 2024.
    name: 'azure',
    arrival: 'TIMESTAMP',
    prompt: 'ContextTokens',
    output: 'GeneratedTokens',
    unitsPerSecond: 'clock',
    relative: true,
    failures: true,
    accepted: clockTimeFormat,
  },
  {
    // Agrawal et al., "Vidur", MLSys 2024; also what `trace convert` writes.
    name: 'vidur',
    arrival: 'arrived_at',
    prompt: 'num_prefill_tokens',
    output: 'num_decode_tokens',
    session: 'session_id',
    tenant: 'tenant_id',
    adapter: 'adapter_id',
    think: 'think_seconds',
    unitsPerSecond: 1,
    relative: false,
    failures: false,
    accepted: seconds,
  },
  {
    // Wang et al., "BurstGPT", KDD 2025.
    name: 'burstgpt',
    arrival: 'Timestamp',
    prompt: 'Request tokens',
    output: 'Response tokens',
    session: 'Session ID',
    unitsPerSecond: 1,
    relative: true,
    failures: true,
    accepted: seconds,
  },
  {
    // splitwise-sim.
    name: 'splitwise',
    arrival: 'arrival_timestamp',
    prompt: 'prompt_size',
    output: 'token_size',
    unitsPerSecond: 1,
    relative: false,
    failures: true,
    accepted: seconds,
  },
  {
    // BLIS (inference-sim) TraceV2.
    name: 'blis',
    arrival: 'arrival_time_us',
    prompt: 'input_tokens',
    output: 'output_tokens',
    session: 'session_id',
    tenant: 'tenant_id',
    urgency: 'vllm_priority',
    unitsPerSecond: 1e6,
    relative: true,
    failures: true,
    accepted: 'microseconds from 0 up',
  },
  {
    // LLMServingSim.
    name: 'llmservingsim',
    arrival: 'arrival_time_ns',
    prompt: 'input_toks',
    output: 'output_toks',
    session: 'session_id',
    unitsPerSecond: 1e9,
    relative: false,
    failures: true,
    accepted: 'nanoseconds from 0 up',
  },
  {
    // What LLMServingSim's harness recorded on a server: seconds since 1970.
    name: 'measured-log',
    arrival: 'arrival_time',
    prompt: 'input_toks',
    output: 'output_toks',
    unitsPerSecond: 1,
    relative: true,
    failures: true,
    accepted: seconds,
  },
  lengths('prompt_len', 'output_len'),
  lengths('input_len', 'output_len'),
  lengths('input_length', 'output_length'),
  lengths('input_toks', 'output_toks'),
  lengths('input_tokens', 'output_tokens'),
  lengths('prompt_tokens', 'completion_tokens'),
  lengths('prompt_tokens', 'output_tokens'),
  lengths('num_prefill_tokens', 'num_decode_tokens'),
]

/** The columns that make a table a trace of one of the formats, for errors. */
export const acceptedHeaders: string = columnFormats
  .filter(({ arrival }) => arrival !== undefined)
  .map(({ arrival, prompt, output }) => `${arrival},${prompt},${output}`)
  .join(' or ')

/** The format whose columns are all there. */
export function formatOfColumns(has: (name: string) => boolean): ColumnFormat | undefined {
  return columnFormats.find(
    ({ arrival, prompt, output }) =>
      has(prompt) && has(output) && (arrival === undefined || has(arrival)),
  )
}
