import { Scenario } from '@llmsim/contracts'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { parseText, readScenarioFile, sections } from './scenario-file.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-'))

function written(name: string, content: string | Uint8Array): string {
  writeFileSync(path.join(folder, name), content)
  return name
}

describe('readScenarioFile', () => {
  it('reads JSON and YAML, with a byte-order mark and Windows line ends', () => {
    const expected = { model: 'a', workload: { arrival_rate: 5 } }
    const json = written(
      'a.json',
      '\uFEFF{\r\n\t"model": "a",\r\n\t"workload": {"arrival_rate": 5}\r\n}',
    )
    const yaml = written('a.yaml', '\uFEFFmodel: a\r\nworkload:\r\n  arrival_rate: 5\r\n')
    expect(readScenarioFile(json, folder).scenario).toEqual(expected)
    expect(readScenarioFile(yaml, folder).scenario).toEqual(expected)
  })

  it('finds the scenario in a results file', () => {
    const file = written('r.json', '{"total_requests": 3, "scenario": {"model": "a"}}')
    expect(readScenarioFile(file, folder).scenario).toEqual({ model: 'a' })
  })

  it('takes an empty section for an absent one, at each depth, and no other empty field', () => {
    const file = written(
      'hollow.yaml',
      'model: a\nslo:\ncluster:\n  interconnect:\n  xpu:\ndisaggregation:\n  decode:\n    router:\nnothing:\n',
    )
    expect(readScenarioFile(file, folder).scenario).toEqual({
      model: 'a',
      cluster: { xpu: null },
      disaggregation: { decode: {} },
      nothing: null,
    })
  })

  it('knows every section that a scenario has', () => {
    const found: string[] = []
    const visit = (schema: unknown, field: string): void => {
      const { type, innerType, shape } = (schema as z.core.$ZodType)._zod.def as {
        type: string
        innerType?: unknown
        shape?: Record<string, unknown>
      }
      if (type === 'optional') visit(innerType, field)
      if (type === 'object' || type === 'record') found.push(field)
      for (const [key, inner] of Object.entries(shape ?? {}))
        visit(inner, field === '' ? key : `${field}.${key}`)
    }
    visit(Scenario, '')
    expect(found.filter((field) => field !== '').sort()).toEqual([...sections].sort())
  })

  it.each([
    ['two.yaml', 'model: a\n---\nmodel: b\n', 'two.yaml: holds several documents'],
    ['missing.yaml', undefined, 'missing.yaml: there is no such file'],
    ['empty.yaml', ' \n', 'empty.yaml: is empty'],
    ['list.json', '[1]', 'list.json: holds no scenario'],
    ['bytes.yaml', new Uint8Array([0xff, 0xfe, 0x00]), 'bytes.yaml: is not text in UTF-8'],
    ['cut.json', '{"model": "a", "workload": {', 'cut.json:1:'],
    ['twice.yaml', 'model: a\nmodel: b\n', 'twice.yaml:2:1: '],
    ['proto.json', '{"workload": {"__proto__": {"x": 1}}}', 'workload.__proto__: unknown field'],
    ['constructor.yaml', 'constructor: 1', 'constructor: unknown field'],
  ])('refuses %s', (name, content, message) => {
    if (content !== undefined) written(name, content)
    expect(() => readScenarioFile(name, folder)).toThrow(message)
  })
})

describe('parseText', () => {
  it('refuses aliases that multiply', () => {
    const lines = ['a: &a [1,1,1,1,1,1,1,1,1]']
    for (let i = 1; i < 10; i++) {
      const [before, name] = [String.fromCharCode(96 + i), String.fromCharCode(97 + i)]
      lines.push(`${name}: &${name} [${Array<string>(9).fill(`*${before}`).join(',')}]`)
    }
    expect(() => parseText(lines.join('\n'), 'bomb.yaml')).toThrow('bomb.yaml: ')
  })

  it('refuses endless nesting', () => {
    expect(() => parseText('['.repeat(100_000), 'deep.json')).toThrow('deep.json')
    expect(() => parseText(`${'['.repeat(200)}${']'.repeat(200)}`, 'deep.json')).toThrow(
      'deep.json',
    )
    expect(() => parseText('- '.repeat(100_000), 'deep.yaml')).toThrow('nested too deeply')
    expect(() => parseText('&a [*a]', 'round.yaml')).toThrow('round.yaml')
  })
})
