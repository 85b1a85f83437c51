import assert from 'node:assert/strict'
import { calibrations, engineProfiles } from '@llmsim/catalog-calibrations'

const named = (entry: unknown): entry is { name: string } =>
  typeof entry === 'object' && entry !== null && 'name' in entry
assert.ok(calibrations.filter(named).some(({ name }) => name === 'h100-80gb'))
assert.ok(engineProfiles.filter(named).some(({ name }) => name === 'vllm'))
console.log('works')
