import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const project = path.dirname(fileURLToPath(import.meta.url))
const modules = path.join(project, 'node_modules')
const temporary = mkdtempSync(path.join(tmpdir(), 'llmsim-alone-'))
after(() => rmSync(temporary, { recursive: true, force: true }))

const manifestOf = (name) => JSON.parse(readFileSync(path.join(modules, name, 'package.json')))
const packages = readdirSync(path.join(modules, '@llmsim'))
const importable = packages.filter((name) => '.' in manifestOf(`@llmsim/${name}`).exports)

/** A package and all that it says it depends on. */
function closure(name, found = new Set()) {
  if (found.has(name)) return found
  found.add(name)
  const { dependencies = {}, peerDependencies = {} } = manifestOf(name)
  for (const inner of Object.keys({ ...dependencies, ...peerDependencies })) closure(inner, found)
  return found
}

describe('each package alone', { concurrency: 2 }, () => {
  it('is found, with its program', () => {
    const programs = readdirSync(path.join(project, 'alone')).map((file) =>
      path.basename(file, '.ts'),
    )
    assert.deepEqual(
      programs.filter((name) => !importable.includes(name)),
      [],
    )
    assert.ok(programs.length > 10)
  })

  for (const name of importable)
    it(`@llmsim/${name} works with what it depends on and nothing else`, async () => {
      const folder = path.join(temporary, name)
      for (const needed of closure(`@llmsim/${name}`)) {
        const link = path.join(folder, 'node_modules', needed)
        mkdirSync(path.dirname(link), { recursive: true })
        symlinkSync(path.join(modules, needed), link, 'junction')
      }
      writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
      const program = path.join(folder, 'program.js')
      const own = path.join(project, 'build/alone', `${name}.js`)
      if (existsSync(own)) copyFileSync(own, program)
      else writeFileSync(program, `import '@llmsim/${name}'\nconsole.log('works')\n`)
      // With links kept as they are, nothing is found in the project that they lead into.
      const args = ['--preserve-symlinks', '--preserve-symlinks-main', program]
      const output = await new Promise((resolve) =>
        execFile(process.execPath, args, (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
        ),
      )
      assert.deepEqual([output.code, output.stdout], [0, 'works\n'], output.stderr)
    })
})

describe('each package says what it imports', () => {
  const filesIn = (folder) =>
    readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
  const imported = /(?<!['"\w])(?:from|import|import\s*\()\s*['"]([^'"\n]+)['"]/g

  for (const name of packages)
    it(`@llmsim/${name}`, () => {
      const root = path.join(modules, '@llmsim', name)
      const { dependencies = {}, peerDependencies = {} } = manifestOf(`@llmsim/${name}`)
      const allowed = new Set([
        `@llmsim/${name}`,
        ...Object.keys({ ...dependencies, ...peerDependencies }),
      ])
      const files = filesIn(path.join(root, 'dist')).filter((file) => /\.(js|d\.ts)$/.test(file))
      assert.ok(files.length > 0)
      for (const file of files)
        for (const [, specifier] of readFileSync(file, 'utf8').matchAll(imported)) {
          if (specifier.startsWith('node:')) continue
          if (specifier.startsWith('.')) {
            const target = path.join(path.dirname(file), specifier)
            assert.ok(existsSync(target), `${file} imports ${specifier}, which was not packed`)
            continue
          }
          const [scope, second] = specifier.split('/')
          const owner = scope.startsWith('@') ? `${scope}/${second}` : scope
          assert.ok(allowed.has(owner), `${path.relative(root, file)} imports ${specifier}`)
        }
    })
})
