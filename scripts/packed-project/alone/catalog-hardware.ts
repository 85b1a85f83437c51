import assert from 'node:assert/strict'
import { accelerators } from '@llmsim/catalog-hardware'
import { Accelerator } from '@llmsim/contracts'

const names = accelerators.map((entry) => Accelerator.parse(entry).name)
assert.ok(names.includes('mi300x'))
console.log('works')
