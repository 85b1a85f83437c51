import {
  testAdmission,
  testCostModel,
  testDecider,
  testRouter,
  testScheduler,
} from '@llmsim/conformance'
import type { CostModelOptions } from '@llmsim/contracts'
import { Accelerator, Model } from '@llmsim/contracts'
import { describe, it } from 'vitest'
import example2b from '../catalog-package/models/example-2b.json' with { type: 'json' }
import exampleNpu from '../catalog-package/accelerators/example-npu.json' with { type: 'json' }
import { admissionPolicies, costModels, deciders, routers, schedulers } from './index.js'

const link = { bandwidthBytesPerSecond: 200e9, latencySeconds: 2e-6 }
const options: CostModelOptions = {
  model: Model.parse(example2b),
  accelerator: Accelerator.parse(exampleNpu),
  tensorParallel: 2,
  pipelineParallel: 1,
  devicesPerNode: 8,
  intraNode: link,
  interNode: link,
  weightFormat: 'bf16',
  activationFormat: 'bf16',
  kvCacheFormat: 'bf16',
  extra: {},
}

for (const factory of schedulers) testScheduler({ describe, it }, factory)
for (const factory of routers) testRouter({ describe, it }, factory)
for (const factory of deciders) testDecider({ describe, it }, factory, { scenarios: 20 })
for (const factory of admissionPolicies) testAdmission({ describe, it }, factory, { scenarios: 20 })
for (const factory of costModels) testCostModel({ describe, it }, factory.create(options))
