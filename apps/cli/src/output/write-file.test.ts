import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { fileTarget, writeWhole } from './write-file.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-'))

it('writes a file whole, over an older one and through a link', () => {
  writeFileSync(path.join(folder, 'a'), 'old')
  symlinkSync('a', path.join(folder, 'link'))
  for (const name of ['a', 'new', 'link']) writeWhole(fileTarget(name, folder), name)
  expect(readFileSync(path.join(folder, 'a'), 'utf8')).toBe('link')
  expect(readdirSync(folder).sort()).toEqual(['a', 'link', 'new'])
})

it('leaves nothing behind when it cannot', () => {
  const inner = path.join(folder, 'inner')
  mkdirSync(inner)
  const target = fileTarget('inner/x', folder)
  mkdirSync(path.join(inner, 'x'))
  expect(() => writeWhole(target, 'text')).toThrow('--output: cannot be written')
  expect(readdirSync(inner)).toEqual(['x'])
})

it('writes into a device rather than over it', () => {
  const target = fileTarget('/dev/null', folder)
  expect(target.special).toBe(true)
  writeWhole(target, 'text')
  expect(fileTarget('/dev/null', folder).special).toBe(true)
})

it.runIf(existsSync('/dev/full'))('says that a device is full', () => {
  expect(() => writeWhole(fileTarget('/dev/full', folder), 'text')).toThrow(
    '--output: is on a device without space left (ENOSPC)',
  )
})

it.each([
  ['', 'is empty'],
  ['.', 'is a folder'],
  ['none/x', 'is in a folder that does not exist'],
  ['new/x', 'is below something that is no folder'],
  ['none/', 'names a folder that does not exist'],
  ['dangling', 'is a link to something that does not exist'],
  ['/dev/stdout', 'is a stream of this process'],
])('refuses %j beforehand', (name, message) => {
  if (name === 'dangling') symlinkSync('nothing', path.join(folder, name))
  expect(() => fileTarget(name, folder)).toThrow(`--output: ${message}`)
})
