import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { arrows } from './arrows.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const packages = Object.keys(arrows)

function check(folder: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(root, 'scripts/check-arrows.mjs'), folder],
    { encoding: 'utf8' },
  )
  return { status, output: stdout + stderr }
}

/** A workspace with the manifests and the links of this one, and one exported name per package. */
function emptyWorkspace(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-arrows-'))
  for (const file of ['package.json', 'tsconfig.json', 'tsconfig.base.json']) {
    cpSync(path.join(root, file), path.join(folder, file))
  }
  cpSync(path.join(root, 'node_modules/@llmsim'), path.join(folder, 'node_modules/@llmsim'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  for (const name of [...packages.map((name) => `packages/${name}`), 'apps/cli']) {
    for (const file of ['package.json', 'tsconfig.json']) {
      cpSync(path.join(root, name, file), path.join(folder, name, file))
    }
    mkdirSync(path.join(folder, name, 'src'))
    writeFileSync(path.join(folder, name, 'src/index.ts'), 'export const here = true\n')
    writeFileSync(path.join(folder, name, 'src/node.ts'), 'export const there = true\n')
  }
  return folder
}

describe('the arrows between packages', () => {
  let folder = ''
  beforeAll(() => {
    folder = emptyWorkspace()
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  /** The check's answer to these files, which are taken away again. */
  function checkWith(files: Record<string, string>): { status: number | null; output: string } {
    const before = new Map<string, string | undefined>()
    for (const [file, text] of Object.entries(files)) {
      const at = path.join(folder, file)
      let old: string | undefined
      try {
        old = readFileSync(at, 'utf8')
      } catch {
        mkdirSync(path.dirname(at), { recursive: true })
      }
      before.set(at, old)
      writeFileSync(at, text)
    }
    try {
      return check(folder)
    } finally {
      for (const [at, old] of before) {
        if (old === undefined) rmSync(at)
        else writeFileSync(at, old)
      }
    }
  }

  function withDependency(name: string, field: string, dependency: string): Record<string, string> {
    const file = `packages/${name}/package.json`
    const manifest = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Record<
      string,
      Record<string, string> | undefined
    >
    manifest[field] = { ...manifest[field], [dependency]: 'workspace:^' }
    return { [file]: JSON.stringify(manifest) }
  }

  it('hold in this repository', () => {
    const { status, output } = check(root)
    expect(output).toContain('The arrows hold.')
    expect(status).toBe(0)
  })

  it('hold in the workspace that the breaches below are planted in', () => {
    const { status, output } = checkWith({
      'packages/simulator/src/index.ts':
        "import { here } from '@llmsim/engine'\nexport { here as other } from '@llmsim/metrics'\nexport const all = here\n",
      'packages/catalog/src/node.ts': "export { readFileSync } from 'node:fs'\n",
      'packages/catalog/src/index.test.ts': "import 'node:fs'\nimport './node.js'\n",
      'apps/cli/src/index.ts':
        "import '@llmsim/simulator'\nimport '@llmsim/catalog/node'\nimport 'node:fs'\n",
      'docs/guide.test.ts': "import '@llmsim/schedulers'\n",
    })
    expect(output).toContain('The arrows hold.')
    expect(status).toBe(0)
  })

  const planted: Record<string, [files: Record<string, string>, says: string]> = {
    'a scheduler that imports the simulator': [
      { 'packages/schedulers/src/index.ts': "import '@llmsim/simulator'\n" },
      'arrow-from-schedulers',
    ],
    'an import of types only': [
      {
        'packages/metrics/src/index.ts':
          "import type { here } from '@llmsim/simulator'\nexport type Here = typeof here\n",
      },
      'arrow-from-metrics',
    ],
    'a test that imports what its package may not': [
      { 'packages/engine/src/index.test.ts': "import '@llmsim/contracts'\n" },
      'arrow-from-engine',
    ],
    'an import at run time': [
      { 'packages/routers/src/index.ts': "export const late = import('@llmsim/simulator')\n" },
      'arrow-from-routers',
    ],
    'a re-export': [
      { 'packages/contracts/src/index.ts': "export * from '@llmsim/engine'\n" },
      'arrow-from-contracts',
    ],
    'a package that imports the command line': [
      { 'packages/simulator/src/index.ts': "import '../../../apps/cli/src/index.js'\n" },
      'arrow-from-simulator',
    ],
    'a package that imports a script': [
      {
        'scripts/thing.mjs': 'export const thing = 1\n',
        'packages/metrics/src/index.test.ts': "import '../../../scripts/thing.mjs'\n",
      },
      'arrow-from-metrics',
    ],
    'an import of a package that is not there': [
      { 'packages/metrics/src/index.ts': "import '@llmsim/absent'\n" },
      'arrow-from-metrics',
    ],
    'a path into another package': [
      { 'packages/simulator/src/index.ts': "import '../../engine/src/index.js'\n" },
      'inside-of-another-package',
    ],
    'a path into a package from the command line': [
      { 'apps/cli/src/index.ts': "import '../../../packages/engine/src/index.js'\n" },
      'inside-of-another-package',
    ],
    'a path into a package from a document': [
      { 'docs/guide.test.ts': "import '../packages/engine/src/index.js'\n" },
      'inside-of-another-package',
    ],
    'the inside of a package by its name': [
      {
        'packages/engine/src/clock.ts': 'export const clock = 1\n',
        'packages/simulator/src/index.ts': "import '@llmsim/engine/src/clock.ts'\n",
      },
      'inside-by-name',
    ],
    'two files that import each other': [
      {
        'packages/engine/src/a.ts': "import './b.js'\n",
        'packages/engine/src/b.ts': "import './a.js'\n",
      },
      'no-circles',
    ],
    'node:fs behind a main entry': [
      {
        'packages/catalog/src/index.ts': "export * from './files.js'\n",
        'packages/catalog/src/files.ts': "export { readFileSync } from 'node:fs'\n",
      },
      'machine-only-in-node-entry',
    ],
    'fs without its prefix in a main entry': [
      { 'packages/workloads/src/index.ts': "import 'fs'\n" },
      'machine-only-in-node-entry',
    ],
    'a main entry that imports its node entry': [
      { 'packages/catalog/src/index.ts': "export * from './node.js'\n" },
      'node-entry-from-main-entry',
    ],
    'a main entry that imports the node entry of another package': [
      { 'packages/catalog-models/src/index.ts': "import '@llmsim/catalog/node'\n" },
      'node-entry-from-main-entry',
    ],
    'an import of nothing': [
      { 'packages/engine/src/index.ts': "import './absent.js'\n" },
      'unresolvable',
    ],
    'a package without a row': [
      {
        'packages/extra/package.json': '{ "name": "@llmsim/extra" }',
        'packages/extra/src/index.ts': 'export const here = true\n',
      },
      'packages/extra: has no row',
    ],
  }

  it.each(Object.entries(planted))('refuse %s', (_, [files, says]) => {
    const { status, output } = checkWith(files)
    expect(output).toContain(says)
    expect(status).toBe(1)
  })

  it.each(['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'])(
    'refuse @llmsim/engine among the %s of contracts',
    (field) => {
      const { status, output } = checkWith(withDependency('contracts', field, '@llmsim/engine'))
      expect(output).toContain(`packages/contracts/package.json: ${field} names @llmsim/engine`)
      expect(status).toBe(1)
    },
  )

  it('are the ones that CONTRIBUTING.md shows', () => {
    const text = readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8')
    for (const [name, allowed] of Object.entries(arrows)) {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\` `))
      expect(row, `the row of ${name}`).toBeDefined()
      const shown = (row?.split('|')[2] ?? '').match(/(?<=`)[a-z-]+(?=`)/g) ?? []
      expect(shown, `the row of ${name}`).toEqual([...allowed])
    }
  })

  it('make no circle among packages', () => {
    const done = new Set<string>()
    while (done.size < packages.length) {
      const next = packages.find(
        (name) => !done.has(name) && arrows[name]!.every((target) => done.has(target)),
      )
      expect(next, `no circle among what is left of ${packages.join(', ')}`).toBeDefined()
      done.add(next!)
    }
  })
})
