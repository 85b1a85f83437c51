import assert from 'node:assert/strict'
import { models } from '@llmsim/catalog-models'

const named = (entry: unknown): entry is { name: string; layers: number } =>
  typeof entry === 'object' && entry !== null && 'name' in entry && 'layers' in entry
const model = models.filter(named).find(({ name }) => name === 'llama2-70b')
assert.equal(model?.layers, 80)
console.log('works')
