import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { valueAt } from '../field-path.js'
import { parseJson } from './json-text.js'

/** Conditions under which an `import` in Node takes a target of a package's `exports`. */
const conditions = new Set(['node', 'import', 'module-sync', 'default'])

/**
 * The file that `import` of a package would load from the folder `from`, or undefined where there
 * is no such package or it exports nothing of that name.
 *
 * `require.resolve` cannot be asked alone: it refuses packages that export to `import` only.
 */
export function packageEntry(specifier: string, from: string): string | undefined {
  const [scope = '', second, ...rest] = specifier.split('/')
  const scoped = scope.startsWith('@')
  const name = scoped ? `${scope}/${second ?? ''}` : scope
  const inner = (scoped ? rest : [second, ...rest]).filter((part) => part !== undefined)
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const root = join(folder, 'node_modules', name)
    if (existsSync(join(root, 'package.json')))
      return folderEntry(root, ['.', ...inner].join('/')) ?? required(specifier, from)
    if (folder === dirname(folder)) return undefined
  }
}

/** The file that a package in the folder `root` exports as `key` (`.` for the package itself). */
export function folderEntry(root: string, key = '.'): string | undefined {
  const file = join(root, 'package.json')
  const manifest = existsSync(file) ? parseJson(readFileSync(file, 'utf8'), file) : {}
  const exported = valueAt(manifest, ['exports'])
  if (exported !== undefined) {
    const byPath = Object.keys(Object(exported) as object).some((name) => name.startsWith('.'))
    const target = byPath ? valueAt(exported, [key]) : key === '.' ? exported : undefined
    const path = chosenTarget(target)
    return path === undefined ? undefined : existing(join(root, path))
  }
  if (key !== '.') return existing(join(root, key))
  const main = valueAt(manifest, ['main'])
  const candidates = ['index.js', 'index.mjs', 'index.cjs']
  if (typeof main === 'string') candidates.unshift(main, `${main}.js`, join(main, 'index.js'))
  return candidates.map((path) => existing(join(root, path))).find((path) => path !== undefined)
}

/** The path that a target of `exports` stands for: the first one whose condition holds. */
function chosenTarget(target: unknown): string | undefined {
  if (typeof target === 'string') return target.startsWith('./') ? target : undefined
  if (typeof target !== 'object' || target === null) return undefined
  for (const [condition, inner] of Object.entries(target)) {
    if (!Array.isArray(target) && !conditions.has(condition)) continue
    const path = chosenTarget(inner)
    if (path !== undefined) return path
  }
  return undefined
}

function required(specifier: string, from: string): string | undefined {
  try {
    return createRequire(join(resolve(from), 'noop.js')).resolve(specifier)
  } catch {
    return undefined
  }
}

function existing(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : undefined
}
