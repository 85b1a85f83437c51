import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The top of the repository. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** Folders that hold no documents of ours. */
const elsewhere = new Set(['node_modules', 'dist'])

function markdownBelow(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`
    if (entry.isDirectory()) return elsewhere.has(entry.name) ? [] : markdownBelow(file)
    return entry.name.endsWith('.md') ? [file] : []
  })
}

function readmesOf(parent: string): string[] {
  return readdirSync(path.join(root, parent))
    .map((name) => `${parent}/${name}/README.md`)
    .filter((file) => existsSync(path.join(root, file)))
}

/** The documents, as paths from the root. */
export function documents(): string[] {
  return [
    'README.md',
    ...markdownBelow('docs'),
    ...markdownBelow('examples').filter((file) => file.endsWith('/README.md')),
    ...readmesOf('packages'),
    ...readmesOf('apps'),
  ].sort()
}

/** A code fence of a document. */
export interface Fence {
  readonly document: string
  /** Line of its opening marker, from 1. */
  readonly line: number
  readonly language: string
  /** The words behind the language: `scenario`, `output`. */
  readonly marks: ReadonlySet<string>
  /** What `file=NAME` among them says. */
  readonly file: string | undefined
  readonly code: string
}

/** The code fences of a document, in order. Throws where one has no end. */
export function fencesOf(document: string): Fence[] {
  const lines = readFileSync(path.join(root, document), 'utf8').split('\n')
  const fences: Fence[] = []
  for (let at = 0; at < lines.length; at++) {
    const opening = /^( {0,3})```(.*)$/.exec(lines[at] ?? '')
    if (opening === null) continue
    const [, indent = '', info = ''] = opening
    const end = lines.indexOf(`${indent}\`\`\``, at + 1)
    if (end === -1) throw new Error(`${document}:${at + 1}: the fence has no end`)
    const [language = '', ...words] = info.trim().split(/\s+/)
    fences.push({
      document,
      line: at + 1,
      language,
      marks: new Set(words),
      file: words.find((word) => word.startsWith('file='))?.slice('file='.length),
      code: lines
        .slice(at + 1, end)
        .map((line) => line.slice(indent.length))
        .join('\n'),
    })
    at = end
  }
  return fences
}
