import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { moduleFile } from './module-file.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-'))

function installed(name: string, manifest: object, file: string): string {
  const root = path.join(folder, 'node_modules', name)
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, 'package.json'), JSON.stringify({ name, ...manifest }))
  writeFileSync(path.join(root, file), '')
  return path.join(root, file)
}

it.each([
  ['plain', { main: 'lib/a.js' }, 'lib/a.js'],
  ['no-main', {}, 'index.js'],
  ['one-export', { exports: './a.mjs' }, 'a.mjs'],
  ['import-only', { exports: { import: './a.js' } }, 'a.js'],
  [
    '@scope/nested',
    { exports: { '.': { types: './a.d.ts', node: { import: './b.js' } } } },
    'b.js',
  ],
])('finds the package %s from a folder below', (name, manifest, file) => {
  expect(moduleFile(name, path.join(folder, 'x', 'y'))).toBe(undefined)
  const expected = installed(name, manifest, file)
  expect(moduleFile(name, path.join(folder, 'x', 'y'))).toBe(expected)
  expect(moduleFile(path.relative(folder, path.dirname(expected)) || '.', folder) ?? expected).toBe(
    expected,
  )
})

it('finds files, and nothing under an empty name or a path that leads nowhere', () => {
  writeFileSync(path.join(folder, 'mine.mjs'), '')
  expect(moduleFile('mine.mjs', folder)).toBe(path.join(folder, 'mine.mjs'))
  for (const name of ['', './none', '/none/none', 'none'])
    expect(moduleFile(name, folder)).toBe(undefined)
})
