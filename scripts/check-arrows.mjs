/**
 * Checks that imports, manifests and build references keep to the table in arrows.mjs.
 * `node scripts/check-arrows.mjs [ROOT]` exits with 1 and names every breach.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { arrows, consumers } from './arrows.mjs'

const home = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const root = path.resolve(process.argv[2] ?? home)

const fields = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}

function foldersIn(folder) {
  const at = path.join(root, folder)
  if (!existsSync(at)) return []
  return readdirSync(at).filter((name) => existsSync(path.join(at, name, 'package.json')))
}

/** Breaches of the table by the package.json and the tsconfig.json of one package. */
function manifestBreaches(name) {
  const breaches = []
  const folder = `packages/${name}`
  const allowed = arrows[name]
  if (allowed === undefined) return [`${folder}: has no row in scripts/arrows.mjs`]

  const manifest = readJson(path.join(root, folder, 'package.json'))
  if (manifest.name !== `@llmsim/${name}`) {
    breaches.push(`${folder}/package.json: is named ${manifest.name}, not @llmsim/${name}`)
  }
  const declared = new Set()
  for (const field of fields) {
    for (const [dependency, range] of Object.entries(manifest[field] ?? {})) {
      if (!dependency.startsWith('@llmsim/')) continue
      const target = dependency.slice('@llmsim/'.length)
      declared.add(target)
      if (!allowed.includes(target)) {
        breaches.push(`${folder}/package.json: ${field} names ${dependency}, which it may not use`)
      }
      if (!range.startsWith('workspace:')) {
        breaches.push(`${folder}/package.json: ${dependency} is not taken from the workspace`)
      }
    }
  }

  const references = (readJson(path.join(root, folder, 'tsconfig.json')).references ?? []).map(
    (reference) => path.basename(reference.path),
  )
  for (const target of references) {
    if (!declared.has(target)) {
      breaches.push(
        `${folder}/tsconfig.json: refers to ${target}, which package.json does not name`,
      )
    }
  }
  for (const target of declared) {
    if (!references.includes(target)) {
      breaches.push(
        `${folder}/tsconfig.json: does not refer to ${target}, so it may build too early`,
      )
    }
  }
  return breaches
}

/** Packages that `tsc -b` at the root would leave out. */
function unbuiltPackages() {
  const built = new Set(
    readJson(path.join(root, 'tsconfig.json')).references.map((reference) => reference.path),
  )
  const all = [...foldersIn('packages').map((name) => `packages/${name}`)]
  all.push(...foldersIn('apps').map((name) => `apps/${name}`))
  return all
    .filter((folder) => !built.has(folder))
    .map((folder) => `tsconfig.json: does not refer to ${folder}`)
}

/** Breaches of the table by import statements, as dependency-cruiser words them. */
function importBreaches() {
  const bin = path.join(home, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const folders = ['packages', ...consumers].filter((name) => existsSync(path.join(root, name)))
  const result = spawnSync(
    process.execPath,
    [bin, '--config', path.join(home, '.dependency-cruiser.mjs'), '-T', 'json', ...folders],
    { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 },
  )
  let report
  try {
    report = JSON.parse(result.stdout)
  } catch {
    return [`dependency-cruiser failed: ${result.stderr || result.stdout || String(result.error)}`]
  }
  if (report.summary.totalCruised === 0) return ['dependency-cruiser found no file to look at']
  const comments = new Map(
    report.summary.ruleSetUsed.forbidden.map((rule) => [rule.name, rule.comment ?? '']),
  )
  return report.summary.violations.map((violation) => {
    const round = violation.cycle?.map((step) => step.name).join(' -> ')
    const to = round ?? violation.to
    return `${violation.from} -> ${to}\n    ${violation.rule.name}: ${comments.get(violation.rule.name)}`
  })
}

const breaches = [
  ...foldersIn('packages').flatMap(manifestBreaches),
  ...unbuiltPackages(),
  ...importBreaches(),
]
for (const breach of breaches) console.error(breach)
console.error(breaches.length === 0 ? 'The arrows hold.' : `${breaches.length} breaches.`)
process.exitCode = breaches.length === 0 ? 0 : 1
