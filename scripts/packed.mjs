/**
 * Uses the packages as a stranger would: packs them, installs the tarballs with npm into a project
 * outside this workspace, and runs that project's own checks (scripts/packed-project).
 * `node scripts/packed.mjs [FOLDER]` takes tarballs that are already packed; `--keep` leaves the
 * project where it is.
 */
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { makeReady, packageFolders, root } from './bootstrap.mjs'
import { run } from './command.mjs'
import { packAll } from './tarballs.mjs'

const options = process.argv.slice(2)
const keep = options.includes('--keep')
const given = options.find((option) => !option.startsWith('--'))
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Every entry that the packages offer to import, such as `@llmsim/catalog/node`. */
function entries() {
  return packageFolders().flatMap((folder) => {
    const { name, exports } = readJson(path.join(root, folder, 'package.json'))
    return Object.keys(exports)
      .filter((entry) => !entry.endsWith('.json'))
      .map((entry) => path.posix.join(name, entry))
  })
}

async function step(title, command, args, cwd) {
  const start = Date.now()
  const { ok, output } = await run(command, args, { cwd })
  const seconds = ((Date.now() - start) / 1000).toFixed(1)
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${title} (${seconds} s)`)
  if (ok) return
  console.log(output)
  throw new Error(`${title} failed.`)
}

async function check(folder) {
  if (given === undefined) makeReady()
  const tarballs =
    given === undefined
      ? await packAll(path.join(folder, 'tarballs'))
      : readdirSync(given)
          .filter((file) => file.endsWith('.tgz'))
          .map((file) => path.resolve(given, file))

  const project = path.join(folder, 'project')
  cpSync(path.join(root, 'scripts/packed-project'), project, { recursive: true })
  const manifest = readJson(path.join(project, 'package.json'))
  // The versions that this workspace uses of what the project brings along itself.
  for (const name of Object.keys(manifest.devDependencies)) {
    const installed = readJson(path.join(root, 'node_modules', name, 'package.json'))
    manifest.devDependencies[name] = installed.version
  }
  writeFileSync(path.join(project, 'package.json'), JSON.stringify(manifest, null, 2))
  writeFileSync(path.join(project, 'entries.json'), JSON.stringify(entries(), null, 2))
  writeFileSync(
    path.join(project, 'entries.ts'),
    entries()
      .map((entry, index) => `export * as entry${index} from '${entry}'\n`)
      .join(''),
  )

  await step(
    'npm install of the tarballs',
    npm,
    ['install', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline', ...tarballs],
    project,
  )
  const tsc = path.join(project, 'node_modules/typescript/bin/tsc')
  const compile = (title, config) => step(title, process.execPath, [tsc, '-p', config], project)
  // The plug-in first: the project imports what is built of it.
  await compile('build of the plug-in', 'policies')
  await Promise.all(
    ['nodenext', 'bundler'].map((resolution) =>
      compile(`types under moduleResolution ${resolution}`, `tsconfig.${resolution}.json`),
    ),
  )
  await step('node --test', process.execPath, ['--test', '--test-reporter=spec'], project)
}

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-packed-'))
try {
  await check(folder)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  if (keep) console.log(`Left in ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
}
