import type { EngineProfile, SimulationSpec } from '@llmsim/contracts'

/** What a request meets before a replica sees it. */
export type FrontEnd = Pick<SimulationSpec, 'requestOverheadSeconds' | 'requestSerialSeconds'>

/**
 * The front ends of `replicas` engines, one thread each, taken for one that is as many times as fast;
 * then what each request waits by itself.
 *
 * @param clientSeconds what the one thread of a load generator spends on each request besides.
 */
export function frontEnd(
  { request_s, request_serial_s = 0, prompt_token_serial_s = 0 }: EngineProfile,
  replicas: number,
  clientSeconds = 0,
): FrontEnd {
  const perRequest = request_serial_s / replicas + clientSeconds
  const perPromptToken = prompt_token_serial_s / replicas
  if (perRequest === 0 && perPromptToken === 0) return { requestOverheadSeconds: request_s }
  return {
    requestOverheadSeconds: request_s,
    requestSerialSeconds: { perRequest, perPromptToken },
  }
}
