import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/**
 * The file that `import` would load for a path or a package, seen from a folder; undefined where
 * there is none. Packages that export to `import` only are found too, which `require.resolve` refuses.
 */
export function moduleFile(pathOrPackage: string, from: string): string | undefined {
  if (pathOrPackage === '') return undefined
  const local = path.resolve(from, pathOrPackage)
  const found = statSync(local, { throwIfNoEntry: false })
  if (found?.isFile() === true) return local
  if (found?.isDirectory() === true) return entryOf(local)
  if (/^(\.|\/|[A-Za-z]:)/.test(pathOrPackage)) return undefined
  return installed(pathOrPackage, from)
}

function installed(specifier: string, from: string): string | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const root = path.join(folder, 'node_modules', specifier)
    if (existsSync(path.join(root, 'package.json'))) return entryOf(root)
    if (folder === path.dirname(folder)) break
  }
  try {
    return createRequire(path.join(from, 'from.js')).resolve(specifier)
  } catch {
    return undefined
  }
}

/** The main entry of the package in a folder, or its `index` file. */
function entryOf(root: string): string | undefined {
  const { exports, main } = manifestOf(root)
  const dotted = typeof exports === 'object' && exports !== null && '.' in exports
  const target = targetOf(dotted ? exports['.'] : exports)
  return [target, typeof main === 'string' ? main : undefined, 'index.js', 'index.mjs']
    .filter((name) => name !== undefined)
    .map((name) => path.join(root, name))
    .find((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true)
}

function manifestOf(root: string): { exports?: unknown; main?: unknown } {
  try {
    return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as object
  } catch {
    return {}
  }
}

function targetOf(exported: unknown): string | undefined {
  if (typeof exported === 'string') return exported
  if (typeof exported !== 'object' || exported === null) return undefined
  for (const [condition, target] of Object.entries(exported))
    if (['node', 'import', 'module-sync', 'default'].includes(condition)) {
      const file = targetOf(target)
      if (file !== undefined) return file
    }
  return undefined
}
