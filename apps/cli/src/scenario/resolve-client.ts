import { SimulatorError, type WorkloadSection } from '@llmsim/contracts'

/** Refuses what a client is said to do and has no occasion for. Throws `SimulatorError` `CONFLICT`. */
export function checkClient({ client }: WorkloadSection): void {
  if (client === undefined) return
  if (client.timeout_until !== undefined && client.timeout_s === undefined)
    refuse(
      'timeout_until',
      client.timeout_until,
      'there is no timeout_s',
      'a timeout_s, or neither',
    )
  if (client.backoff_s !== undefined && (client.max_retries ?? 0) === 0)
    refuse('backoff_s', client.backoff_s, 'nothing is sent again', 'max_retries, or no backoff_s')
}

function refuse(field: string, given: unknown, message: string, accepted: string): never {
  throw new SimulatorError({
    code: 'CONFLICT',
    path: `workload.client.${field}`,
    message,
    given,
    accepted,
  })
}
