import assert from 'node:assert/strict'
import { accelerators } from '@llmsim/catalog-hardware'

const named = (entry: unknown): entry is { name: string } =>
  typeof entry === 'object' && entry !== null && 'name' in entry
assert.ok(accelerators.filter(named).some(({ name }) => name === 'mi300x'))
console.log('works')
