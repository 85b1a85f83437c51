import { Accelerator, isSimulatorError, type SimulatorError } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCatalog } from './catalog.js'

const Part = z.strictObject({
  name: z.string(),
  aliases: z.array(z.string()).default([]),
  watts: z.number().positive().default(1),
})
const parts = createCatalog({
  kind: 'part',
  schema: Part,
  entries: [
    { name: 'h100-80gb', aliases: ['h100'], watts: 700 },
    { name: 'a100-80gb', aliases: ['a100'] },
    { name: 'broken', watts: -1 },
  ],
  origin: 'built in',
})

function failure(run: () => unknown): SimulatorError {
  try {
    run()
  } catch (error) {
    if (isSimulatorError(error)) return error
    throw error
  }
  throw new Error('did not throw')
}

describe('createCatalog', () => {
  it('finds an entry by name and alias without regard to case', () => {
    expect(parts.get('H100').watts).toBe(700)
    expect(parts.get('h100-80GB')).toBe(parts.get('h100'))
    expect(parts.has('A100')).toBe(true)
    expect(parts.has('a10')).toBe(false)
  })

  it('fills in defaults', () => {
    expect(parts.get('a100')).toEqual({ name: 'a100-80gb', aliases: ['a100'], watts: 1 })
  })

  it('lists names in order, without aliases', () => {
    expect(parts.names()).toEqual(['a100-80gb', 'broken', 'h100-80gb'])
  })

  it('names the field and the nearest names for an unknown one', () => {
    expect(failure(() => parts.get('h10', 'cluster.xpu'))).toMatchObject({
      code: 'UNKNOWN_NAME',
      path: 'cluster.xpu',
      given: 'h10',
      nearest: expect.arrayContaining(['h100']) as unknown,
    })
  })

  it('does not find names of built-in object properties', () => {
    for (const name of ['__proto__', 'constructor', 'toString'])
      expect(failure(() => parts.get(name)).code).toBe('UNKNOWN_NAME')
  })

  it('checks an entry only when it is asked for', () => {
    expect(failure(() => parts.get('broken'))).toMatchObject({
      code: 'INVALID_VALUE',
      path: 'part[broken].watts',
      given: -1,
    })
    expect(failure(() => parts.entries()).path).toBe('part[broken].watts')
  })

  it('reads nothing but name and aliases up front', () => {
    const entry = {
      name: 'lazy',
      get watts(): number {
        throw new Error('read')
      },
    }
    expect(createCatalog({ kind: 'part', schema: Part, entries: [entry] }).names()).toEqual([
      'lazy',
    ])
  })

  it.each([
    [null, 'part[0]'],
    ['text', 'part[0]'],
    [{}, 'part[0].name'],
    [{ name: 3 }, 'part[0].name'],
    [{ name: 'x', aliases: 'y' }, 'part[0].aliases'],
    [{ name: 'x', aliases: [1] }, 'part[0].aliases'],
  ])('refuses an entry without a proper name: %j', (entry, path) => {
    const error = failure(() => createCatalog({ kind: 'part', schema: Part, entries: [entry] }))
    expect(error).toMatchObject({ code: 'INVALID_VALUE', path })
  })

  it('takes the schema of accelerators', () => {
    const catalog = createCatalog({ kind: 'accelerator', schema: Accelerator, entries: [] })
    expect(catalog.names()).toEqual([])
  })
})

describe('extend', () => {
  it('leaves the catalog as it was', () => {
    const more = parts.extend([{ name: 'own' }], 'own.json')
    expect(more.has('own')).toBe(true)
    expect(parts.has('own')).toBe(false)
  })

  it('refuses a taken name or alias and names both origins', () => {
    const entry = { name: 'mine', aliases: ['H100'] }
    for (const origin of ['mine.json', new Map([[entry, 'mine.json']])]) {
      const error = failure(() => parts.extend([entry], origin))
      expect(error.code).toBe('DUPLICATE_NAME')
      expect(error.message).toContain('built in')
      expect(error.message).toContain('mine.json')
    }
  })

  it('gives the same names in whatever order entries arrive', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), { maxLength: 20 })
    fc.assert(
      fc.property(names, fc.nat(20), (all, cut) => {
        const entries = all.map((name) => ({ name }))
        const empty = createCatalog({ kind: 'part', schema: Part, entries: [] })
        const forwards = empty.extend(entries.slice(0, cut)).extend(entries.slice(cut))
        const backwards = empty.extend(entries.toReversed())
        expect(forwards.names()).toEqual(backwards.names())
        expect(forwards.names()).toEqual(all.toSorted())
        for (const name of all) expect(forwards.get(name.toUpperCase()).name).toBe(name)
      }),
    )
  })
})
