import type { ObservedRequest, SimulationSpec } from '@llmsim/contracts'
import type { TableColumn } from './table.js'

type Column = TableColumn<ObservedRequest>

function integer(name: string, of: (request: ObservedRequest) => number): Column {
  return { name, type: 'integer', of }
}

function seconds(name: string, of: (request: ObservedRequest) => number): Column {
  return { name, type: 'number', of }
}

function text(name: string, of: (request: ObservedRequest) => string | null): Column {
  return { name, type: 'text', of }
}

function required(column: Column): Column {
  return { ...column, required: true }
}

/** A number, or that there is none. */
function known(number: number): number {
  return number < 0 ? NaN : number
}

/** The columns of a file of requests: one row for each that left the system, or was still in it at the end. */
export function requestColumns(spec: SimulationSpec): Column[] {
  const { pools, classes, tenants, adapters } = spec
  return [
    required(integer('request', (request) => request.number)),
    required(text('outcome', (request) => request.outcome)),
    integer('session_id', (request) => known(request.sessionId)),
    ...(classes === undefined
      ? []
      : [text('class', ({ classId }) => classes[classId]?.name ?? null)]),
    ...(tenants === undefined
      ? []
      : [
          text('tenant', ({ tenantId }) =>
            tenantId < 0 ? null : (tenants[tenantId] ?? `tenant ${tenantId}`),
          ),
        ]),
    ...(adapters === undefined
      ? []
      : [text('adapter', ({ adapterId = -1 }) => adapters[adapterId]?.name ?? null)]),
    required(integer('priority', (request) => request.priority)),
    ...(pools.length === 1
      ? []
      : [
          text('pool', ({ pool }) => pools[pool]?.name ?? null),
          integer('prefill_replica', (request) => known(request.entryReplica)),
        ]),
    integer('replica', (request) => known(request.replica)),
    required(integer('prompt_tokens', (request) => request.promptTokens)),
    required(integer('output_tokens', (request) => request.outputTokens)),
    required(integer('cached_tokens', (request) => request.cachedTokens)),
    required(integer('preemptions', (request) => request.preemptions)),
    required(seconds('arrival_s', (request) => request.arrivalSeconds)),
    seconds('queued_s', (request) => request.queuedSeconds),
    seconds('start_s', (request) => request.startSeconds),
    seconds('first_token_s', (request) => request.firstTokenSeconds),
    ...(spec.kvTransfer === undefined
      ? []
      : [
          seconds('transfer_start_s', (request) => request.transferStartSeconds),
          seconds('transfer_end_s', (request) => request.transferEndSeconds),
        ]),
    seconds('finish_s', (request) => request.finishSeconds),
    seconds('queue_time_s', ({ startSeconds, arrivalSeconds }) => startSeconds - arrivalSeconds),
    seconds(
      'ttft_s',
      ({ firstTokenSeconds, arrivalSeconds }) => firstTokenSeconds - arrivalSeconds,
    ),
    seconds('tpot_s', ({ finishSeconds, firstTokenSeconds, outputTokens }) =>
      outputTokens > 1 ? (finishSeconds - firstTokenSeconds) / (outputTokens - 1) : NaN,
    ),
    seconds('e2e_s', ({ finishSeconds, arrivalSeconds }) => finishSeconds - arrivalSeconds),
  ]
}
