import { isSimulatorError, SimulatorError } from '@llmsim/contracts'

/** What to throw for an error that came out of a policy: its own kind, or one that names the policy. */
export function policyFailure(policy: string, error: unknown): SimulatorError {
  if (isSimulatorError(error)) return error
  const failure = new SimulatorError({
    code: 'CONTRACT',
    path: policy,
    message: `failed: ${error instanceof Error ? error.message : String(error)}`,
  })
  failure.cause = error
  return failure
}
