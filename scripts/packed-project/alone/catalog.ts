import assert from 'node:assert/strict'
import { createCatalog } from '@llmsim/catalog'
import { parseJson } from '@llmsim/catalog/node'
import { Model } from '@llmsim/contracts'

const catalog = createCatalog({
  kind: 'model',
  schema: Model,
  entries: [{ name: 'a', aliases: ['b'] }],
})
assert.ok(catalog.has('B'))
assert.throws(() => catalog.get('a'), { llmsim: '@llmsim/SimulatorError' })
assert.deepEqual(parseJson('{"a": 1}', 'a.json'), { a: 1 })
console.log('works')
