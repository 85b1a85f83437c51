import { accelerators } from '@llmsim/catalog-hardware'
import { models } from '@llmsim/catalog-models'
import {
  referenceCostModel,
  testAdmission,
  testCatalog,
  testCostModel,
  testDecider,
  testRouter,
  testScheduler,
} from '@llmsim/conformance'
import { Accelerator, type CostModelOptions, Model, type NumberFormat } from '@llmsim/contracts'
import { costModels } from '@llmsim/cost-models'
import { admissionPolicies, deciders, routers } from '@llmsim/routers'
import { schedulers } from '@llmsim/schedulers'
import { describe, it } from 'vitest'

const api = { describe, it }

for (const scheduler of schedulers) testScheduler(api, scheduler, { scenarios: 150 })
for (const router of routers) testRouter(api, router)
for (const decider of deciders) testDecider(api, decider)

/** Options with which policies have something to refuse; a bucket has no rate of its own. */
const admissionOptions: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  'token-bucket': [
    { rate: 2, burst: 3 },
    { rate: 200, unit: 'tokens', per_tenant: true },
  ],
  'queue-limit': [{}, { max_queued: 2 }],
  shed: [
    { limits: { batch: 0.01, chat: 10 }, otherwise: 1 },
    { by: 'priority', limits: { '-1': 2 }, signal: 'outstanding', otherwise: 20 },
    { signal: 'kv-use', otherwise: 0.5 },
  ],
}
for (const policy of admissionPolicies)
  for (const extra of admissionOptions[policy.name] ?? [{}]) testAdmission(api, policy, { extra })

function entryOf<T extends { name: string }>(entries: readonly T[], name: string): T {
  const entry = entries.find((each) => each.name === name)
  if (entry === undefined) throw new Error(`the catalog has no ${name}`)
  return entry
}

const knownModels = models.map((entry) => Model.parse(entry))
const knownAccelerators = accelerators.map((entry) => Accelerator.parse(entry))

function deployment(
  model: string,
  accelerator: string,
  tensorParallel: number,
  {
    pipelineParallel = 1,
    format = 'bf16',
  }: { pipelineParallel?: number; format?: NumberFormat } = {},
): CostModelOptions {
  const device = entryOf(knownAccelerators, accelerator)
  return {
    model: entryOf(knownModels, model),
    accelerator: device,
    tensorParallel,
    pipelineParallel,
    devicesPerNode: device.devices_per_node,
    intraNode: {
      bandwidthBytesPerSecond: device.scale_up.bandwidth_bytes_per_s,
      latencySeconds: device.scale_up.latency_s,
    },
    interNode: {
      bandwidthBytesPerSecond: device.scale_out.bandwidth_bytes_per_s,
      latencySeconds: device.scale_out.latency_s,
    },
    weightFormat: format,
    activationFormat: 'bf16',
    kvCacheFormat: format === 'fp8' ? 'fp8' : 'bf16',
    extra: {},
  }
}

/** Dense and experts, grouped, latent, sparse and windowed attention, one device and several nodes. */
const deployments = [
  deployment('llama3.2-1b', 'h100-80gb', 1),
  deployment('llama2-70b', 'mi300x', 8),
  deployment('llama3.1-405b', 'h100-80gb', 16, { format: 'fp8' }),
  deployment('mixtral-8x7b', 'a100-80gb', 4, { pipelineParallel: 2 }),
  deployment('deepseek-v3', 'h200', 8, { format: 'fp8' }),
  deployment('deepseek-v3.2', 'h200', 8, { format: 'fp8' }),
  deployment('gpt-oss-120b', 'b200-192gb', 2),
  deployment('gemma2-27b', 'tpu-v5e', 8),
]

for (const factory of costModels)
  describe(`the cost model ${factory.name}`, () => {
    for (const given of deployments)
      describe(`of ${given.model.name} on ${given.tensorParallel} ${given.accelerator.name}`, () => {
        testCostModel(api, factory.create(given), { steps: 300 })
      })
  })

testCostModel(
  api,
  entryOf(costModels, 'fixed').create({
    ...deployment('llama3.2-1b', 'h100-80gb', 1),
    extra: { step_ms: 3, prefill_token_us: 20, decode_us: 11, context_token_ns: 70 },
  }),
)
testCostModel(api, referenceCostModel())

testCatalog(api, { name: 'models', models })
testCatalog(api, { name: 'hardware', accelerators })
