/** Relative links of the documents lead to files, and their anchors to headings. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { documents, root } from './testing/markdown-fence.js'

/** The text of a document without code. */
function proseOf(file: string): string {
  return readFileSync(path.join(root, file), 'utf8').replace(/^ *```[\s\S]*?^ *```$/gm, '')
}

/** The anchors that a Markdown viewer gives the headings of a document. */
function anchorsOf(file: string): string[] {
  return [...proseOf(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

const linkPattern = /\]\(([^)\s]+)\)/g

it.each([...documents(), 'CONTRIBUTING.md'])('%s links to what is there', (document) => {
  const broken = [...proseOf(document).matchAll(linkPattern)]
    .map(([, target = '']) => target)
    .filter((target) => !/^https?:/.test(target))
    .filter((target) => {
      const [file = '', anchor] = target.split('#')
      const found = file === '' ? document : path.join(path.dirname(document), file)
      if (!existsSync(path.join(root, found))) return true
      return anchor !== undefined && !anchorsOf(found).includes(anchor)
    })
  expect(broken).toEqual([])
})
