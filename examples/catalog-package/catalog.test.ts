import { testCatalog } from '@llmsim/conformance'
import { describe, it } from 'vitest'
import { accelerators, models } from './index.js'

testCatalog({ describe, it }, { name: 'the example catalog', models, accelerators })
