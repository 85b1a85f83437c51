/** A changeset that names no package of the workspace stops every release: it is refused here. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { packageFolders, root } from './bootstrap.mjs'

interface Manifest {
  readonly name: string
  readonly private?: boolean
}

const folder = path.join(root, '.changeset')
const changesets = readdirSync(folder).filter(
  (file) => file.endsWith('.md') && file !== 'README.md',
)
const published = (packageFolders() as string[])
  .map((each) => JSON.parse(readFileSync(path.join(each, 'package.json'), 'utf8')) as Manifest)
  .filter((manifest) => manifest.private !== true)
  .map(({ name }) => name)

/** The lines between the dashes, and the text below. */
function partsOf(file: string): { packages: Record<string, string>; text: string } {
  const text = readFileSync(path.join(folder, file), 'utf8')
  const [, head = '', body = ''] = /^---\n([\s\S]*?)^---\n([\s\S]*)$/m.exec(text) ?? []
  return { packages: (parse(head) ?? {}) as Record<string, string>, text: body.trim() }
}

it.each(changesets)('%s names published packages, and says what changes', (file) => {
  const { packages, text } = partsOf(file)
  expect(Object.keys(packages).filter((name) => !published.includes(name))).toEqual([])
  expect(Object.values(packages).filter((kind) => !/^(patch|minor|major)$/.test(kind))).toEqual([])
  expect(Object.keys(packages)).not.toEqual([])
  expect(text).not.toBe('')
})
