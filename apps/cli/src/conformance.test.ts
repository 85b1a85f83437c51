import { describe, it } from 'vitest'
import { testScheduler, testRouter, testCostModel, referenceCostModel } from '@llmsim/conformance'
import { schedulers } from '@llmsim/schedulers'
import { routers } from '@llmsim/routers'
for (const s of schedulers) testScheduler({ describe, it }, s, { scenarios: 400 })
for (const s of routers) testRouter({ describe, it }, s)
testCostModel({ describe, it }, referenceCostModel())
