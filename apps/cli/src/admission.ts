import {
  nearNames,
  SimulatorError,
  type AdmissionPolicy,
  type ClientBehaviour,
  type SimulationSpec,
} from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { created } from './deployment.js'
import { named, type Registries } from './registries.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** Mean pause before the first retry, in seconds, as the OpenAI and Anthropic client libraries start with. */
const usualBackoff = 0.5

/** Who may enter, and how clients take it when they may not or wait for too long. */
export function entryOf(
  scenario: ResolvedScenario,
  registries: Registries,
): Pick<SimulationSpec, 'admission' | 'client'> {
  const client = clientOf(scenario)
  const admission = admissionOf(scenario, registries)
  return {
    ...(client === undefined ? {} : { client }),
    ...(admission === undefined ? {} : { admission }),
  }
}

function admissionOf(
  { admission, random_seed: seed }: ResolvedScenario,
  registries: Registries,
): AdmissionPolicy | undefined {
  if (admission === undefined) return undefined
  const { name, options } = admission
  const path = 'admission.name'
  const factory = named(registries.admissionPolicies, 'admission policy', name, path)
  for (const option of factory.options === undefined ? [] : Object.keys(options))
    if (factory.options?.includes(option) === false)
      throw new SimulatorError({
        code: 'UNKNOWN_FIELD',
        path: `admission.options.${option}`,
        message: `is no option of the admission policy ${name}`,
        accepted: factory.options.length === 0 ? 'no option' : factory.options.join(', '),
        nearest: nearNames(option, factory.options),
      })
  const stream = randomStream(seed, 'admission')
  return created(path, name, 'admit', () =>
    factory.create({ random: () => stream.next(), extra: options }),
  )
}

function clientOf({ workload, random_seed: seed }: ResolvedScenario): ClientBehaviour | undefined {
  const { client } = workload
  if (client?.timeout_s === undefined && client?.max_retries === undefined) return undefined
  const stream = randomStream(seed, 'client-backoff')
  return {
    timeoutSeconds: client.timeout_s ?? Infinity,
    waitsFor: client.timeout_until ?? 'completion',
    maxRetries: client.max_retries ?? 0,
    backoffSeconds: client.backoff_s ?? usualBackoff,
    random: () => stream.next(),
  }
}
