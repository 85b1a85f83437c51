import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isSimulatorError } from '@llmsim/contracts'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadCatalog, parseJson, readCatalogFolder, validateCatalog } from './node.js'

const npu = {
  name: 'example-npu',
  vendor: 'example',
  product: 'Example NPU',
  generation: 'first',
  memory_bytes: 64e9,
  memory_bandwidth_bytes_per_s: 2e12,
  peak_flop_per_s: { bf16: 4e14 },
  scale_up: { name: 'link', bandwidth_bytes_per_s: 2e11, latency_s: 1e-6 },
  scale_out: { name: 'net', bandwidth_bytes_per_s: 5e10, latency_s: 5e-6 },
  devices_per_node: 8,
  power: { tdp_w: 400, idle_w: 60 },
  sources: [{ url: 'https://example.com/npu', estimated: true, note: 'invented' }],
}
const model = { name: 'example-2b', layers: 24 }

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'catalog-'))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

function write(files: Record<string, unknown>): void {
  for (const [file, content] of Object.entries(files)) {
    const path = join(root, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  }
}

async function failure(
  run: () => unknown,
): Promise<{ code: string; path: string; message: string }> {
  try {
    await run()
  } catch (error) {
    if (isSimulatorError(error)) return error
    throw error
  }
  throw new Error('did not throw')
}

describe('parseJson', () => {
  it('accepts a byte-order mark', () => {
    expect(parseJson('\uFEFF{"a":1}', 'a.json')).toEqual({ a: 1 })
  })

  it.each([
    ['', 1, 1],
    ['{\n  "a": 1,\n', 3, 1],
    ['{"a": [1, 2', 1, 12],
    ['{"a": "tex', 1, 11],
    ['{"a": "tex\\', 1, 12],
    ['{\n  "a": 1,\n}', 3, 1],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
    ['{"a" 1}', 1, 6],
    ["{'a': 1}", 1, 2],
    ['{"a": NaN}', 1, 7],
    ['[1, 2] 3', 1, 8],
    ['[1,, 2]', 1, 4],
    ['// text\n{}', 1, 1],
    ['[01]', 1, 3],
  ])('names line and column of the fault in %j', async (text, line, column) => {
    const { code, path, message } = await failure(() => parseJson(text, 'a.json'))
    expect({ code, path }).toEqual({ code: 'FILE', path: 'a.json' })
    expect(message).toContain(`line ${line}, column ${column}`)
  })

  it('finds the end of any JSON text that is cut off', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.nat(), async (value, cut) => {
        const text = JSON.stringify(value)
        const short = text.slice(0, cut % text.length)
        const { message } = await failure(() => parseJson(short, 'a.json'))
        const column = Number(/column (\d+)/.exec(message)?.[1])
        expect(column).toBeLessThanOrEqual(short.length + 1)
        expect(column).toBeGreaterThan(short.length - 8)
      }),
    )
  })
})

describe('readCatalogFolder', () => {
  it('reads entries of both kinds, sorted, and passes over what is not a catalog', () => {
    write({
      'b/npu.json': npu,
      'a.json': [model, { ...model, name: 'second' }],
      'package.json': {},
      'tsconfig.build.json': {},
      '.hidden.json': 'x',
      'node_modules/p/x.json': 'x',
      'dist/x.json': 'x',
      'notes.txt': 'x',
    })
    const { models, accelerators, origins } = readCatalogFolder(root)
    expect(models).toEqual([model, { ...model, name: 'second' }])
    expect(accelerators).toEqual([npu])
    expect(origins.get(models[1])).toBe(join(root, 'a.json'))
    expect(origins.get(accelerators[0])).toBe(join(root, 'b', 'npu.json'))
  })

  it('reads one file, with a byte-order mark', () => {
    write({ 'a.json': `\uFEFF${JSON.stringify(npu)}` })
    expect(readCatalogFolder(join(root, 'a.json')).accelerators).toEqual([npu])
  })

  it.each([
    ['{}', 'INVALID_VALUE'],
    ['[3]', 'INVALID_VALUE'],
    ['{"layers": 1, "peak_flop_per_s": {}}', 'INVALID_VALUE'],
    ['{"layers": 1,', 'FILE'],
  ])('names the file that holds %s', async (text, code) => {
    write({ 'deep/a.json': text })
    const path = join(root, 'deep', 'a.json')
    expect(await failure(() => readCatalogFolder(root))).toMatchObject({ code, path })
  })

  it('refuses a path that does not exist', async () => {
    const path = join(root, 'none')
    expect(await failure(() => readCatalogFolder(path))).toMatchObject({ code: 'FILE', path })
  })
})

describe('validateCatalog', () => {
  it('collects the valid entries and every fault', () => {
    write({
      '1.json': npu,
      '2.json': { ...npu, name: 'EXAMPLE-NPU' },
      '3.json': { ...npu, name: 'third', memory_bytes: -1 },
      '4.json': model,
      '5.json': '{',
      '6.json': { ...npu, name: 'sixth' },
    })
    const { entries, errors } = validateCatalog(root)
    expect(entries.map(({ kind, entry }) => [kind, entry.name])).toEqual([
      ['accelerator', 'example-npu'],
      ['accelerator', 'sixth'],
    ])
    expect(errors.map(({ code }) => code)).toEqual([
      'DUPLICATE_NAME',
      'INVALID_VALUE',
      'INVALID_VALUE',
      'FILE',
    ])
    expect(errors[1]?.path).toBe('accelerator[third].memory_bytes')
    expect(errors[1]?.message).toContain(join(root, '3.json'))
  })
})

describe('loadCatalog', () => {
  const code = `export const accelerators = ${JSON.stringify([npu])}\nexport const calibrations = []\n`

  it.each([
    ['a folder', 'folder', { 'folder/a.json': npu }],
    [
      'a folder with a manifest and no module',
      'own',
      { 'own/a.json': npu, 'own/package.json': {} },
    ],
    ['a file', './a.json', { 'a.json': npu }],
    ['a module', './catalog.mjs', { 'catalog.mjs': code }],
    [
      'a folder that is a package',
      './pack',
      { 'pack/package.json': { type: 'module' }, 'pack/index.js': code },
    ],
    [
      'a package with conditions for import alone',
      '@scope/parts',
      {
        'node_modules/@scope/parts/package.json': {
          type: 'module',
          exports: { '.': { types: './index.d.ts', import: './lib/index.js' } },
        },
        'node_modules/@scope/parts/lib/index.js': code,
      },
    ],
    [
      'a package with a default condition, and a subpath',
      'parts/more',
      {
        'node_modules/parts/package.json': {
          type: 'module',
          exports: { './more': { browser: './none.js', default: './more.js' } },
        },
        'node_modules/parts/more.js': code,
      },
    ],
    [
      'a package in CommonJS',
      'old',
      {
        'node_modules/old/package.json': { main: 'lib' },
        'node_modules/old/lib/index.js': `module.exports = { accelerators: [${JSON.stringify(npu)}] }`,
      },
    ],
  ])('loads %s', async (_, specifier, files) => {
    write(files)
    const contents = await loadCatalog(specifier, root)
    expect(contents.accelerators).toEqual([npu])
    expect(contents.models).toEqual([])
    expect(contents.origins.size).toBe(1)
  })

  it('finds packages of the folders above', async () => {
    write({ 'node_modules/parts/package.json': { type: 'module', exports: './index.js' } })
    write({ 'node_modules/parts/index.js': code, 'deep/down/a.txt': '' })
    const { accelerators } = await loadCatalog('parts', join(root, 'deep', 'down'))
    expect(accelerators).toEqual([npu])
  })

  it.each([
    ['./none', 'FILE', {}],
    ['none', 'FILE', {}],
    ['__proto__', 'FILE', {}],
    ['none.json', 'FILE', {}],
    ['./a.mjs', 'FILE', { 'a.mjs': 'export const = 1' }],
    ['./a.mjs', 'FILE', { 'a.mjs': 'throw new Error("no")' }],
    ['./a.mjs', 'INVALID_VALUE', { 'a.mjs': 'export const other = 1' }],
    ['./a.mjs', 'INVALID_VALUE', { 'a.mjs': 'export const models = {}' }],
  ])('refuses %s with %s', async (specifier, expected, files) => {
    write(files)
    expect(await failure(() => loadCatalog(specifier, root))).toMatchObject({ code: expected })
  })
})
