import { Accelerator, Model } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { jsonSchema } from './json-schema.js'

describe('jsonSchema', () => {
  it('describes what may be written, with its address and title', () => {
    const schema = jsonSchema(Accelerator, {
      id: 'https://example.com/a.json',
      title: 'Accelerator',
    })
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'https://example.com/a.json',
      title: 'Accelerator',
      type: 'object',
      additionalProperties: false,
    })
    expect(schema.required).not.toContain('aliases')
    expect(schema.required).toContain('memory_bytes')
  })

  it('is JSON', () => {
    const schema = jsonSchema(Model)
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
  })
})
