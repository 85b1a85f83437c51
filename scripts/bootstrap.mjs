/**
 * Makes the working tree ready to run: installs what the lockfile names and builds every package,
 * unless a stamp says that nothing has changed since that was last done. Needs only Node and npm.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

const state = path.join(root, 'node_modules/.llmsim')
const lockFolder = path.join(root, '.llmsim-lock')
/** Milliseconds after which a lock counts as left behind, whatever its owner's number says. */
const lockPatience = 30 * 60_000

function at(file) {
  return path.join(root, file)
}

function foldersIn(parents) {
  return parents
    .filter((parent) => existsSync(at(parent)))
    .flatMap((parent) => readdirSync(at(parent)).map((name) => `${parent}/${name}`))
    .filter((folder) => existsSync(at(`${folder}/package.json`)))
}

/** The folders of the packages that are built and published. */
export function packageFolders() {
  return foldersIn(['packages', 'apps'])
}

/** What the installation depends on. */
function installKey() {
  const hash = createHash('sha256')
  const folders = foldersIn(['packages', 'apps', 'examples'])
  const manifests = folders.map((folder) => `${folder}/package.json`)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    hash.update(`${file}\0`)
    hash.update(readFileSync(at(file)))
  }
  hash.update(process.version)
  return hash.digest('hex')
}

/** What the build depends on: the time and size of every source, which is fast to read. */
function buildKey(install) {
  const hash = createHash('sha256')
  hash.update(install)
  const visit = (folder) => {
    for (const entry of readdirSync(at(folder), { withFileTypes: true })) {
      const file = `${folder}/${entry.name}`
      if (entry.isDirectory()) visit(file)
      else if (!entry.name.endsWith('.test.ts')) note(file)
    }
  }
  const note = (file) => {
    const { mtimeMs, size } = statSync(at(file))
    hash.update(`${file}\0${mtimeMs}\0${size}\n`)
  }
  note('tsconfig.base.json')
  note('tsconfig.json')
  for (const folder of packageFolders()) {
    note(`${folder}/tsconfig.json`)
    if (existsSync(at(`${folder}/src`))) visit(`${folder}/src`)
  }
  return hash.digest('hex')
}

function stamp(name) {
  try {
    return readFileSync(path.join(state, name), 'utf8')
  } catch {
    return undefined
  }
}

function writeStamp(name, value) {
  mkdirSync(state, { recursive: true })
  writeFileSync(path.join(state, name), value)
}

/** Whether the build that the stamp speaks of is still there. */
function built() {
  return packageFolders().every((folder) => existsSync(at(`${folder}/dist/.tsbuildinfo`)))
}

export class StepFailed extends Error {}

/** Runs a command whose output belongs to the reader, not to the program: all of it on stderr. */
function step(title, command, args) {
  const start = Date.now()
  process.stderr.write(`${title} ...\n`)
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    shell: process.platform === 'win32',
    env: { ...process.env, CI: 'true', NO_UPDATE_NOTIFIER: '1', TURBO_TELEMETRY_DISABLED: '1' },
  })
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`)
    const reason = result.error?.message ?? `exit code ${result.status ?? result.signal}`
    throw new StepFailed(`${title} failed: ${command} ${args.join(' ')} (${reason})`)
  }
  process.stderr.write(`${title} done in ${((Date.now() - start) / 1000).toFixed(1)} s\n`)
}

function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/** Whether the process that took the lock is gone, or has held it longer than anyone should. */
function lockIsLeftBehind() {
  let age
  try {
    age = Date.now() - statSync(lockFolder).mtimeMs
  } catch {
    return false
  }
  if (age > lockPatience) return true
  let owner
  try {
    owner = Number(readFileSync(path.join(lockFolder, 'pid'), 'utf8'))
  } catch {
    // Its owner writes its number right after taking it.
    return age > 5000
  }
  try {
    process.kill(owner, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

function withLock(work) {
  let told = false
  for (;;) {
    try {
      mkdirSync(lockFolder)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (lockIsLeftBehind()) rmSync(lockFolder, { recursive: true, force: true })
      else {
        if (!told) process.stderr.write('Waiting for another start to finish installing ...\n')
        told = true
        sleep(200)
      }
    }
  }
  try {
    writeFileSync(path.join(lockFolder, 'pid'), String(process.pid))
    return work()
  } finally {
    rmSync(lockFolder, { recursive: true, force: true })
  }
}

function isReady() {
  return stamp('build') === buildKey(installKey()) && built()
}

function install() {
  const { packageManager } = JSON.parse(readFileSync(at('package.json'), 'utf8'))
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'
  step('Installing', npx, ['--yes', packageManager, 'install', '--frozen-lockfile'])
}

/**
 * Takes away what was built from a source that is gone, so that it is neither imported nor
 * published.
 */
function prune(folder, output = `${folder}/dist`) {
  if (!existsSync(at(output))) return
  for (const entry of readdirSync(at(output), { withFileTypes: true })) {
    const file = `${output}/${entry.name}`
    const source = file.replace(`${folder}/dist`, `${folder}/src`)
    if (entry.isDirectory()) {
      if (existsSync(at(source))) prune(folder, file)
      else rmSync(at(file), { recursive: true })
      continue
    }
    const stem = source.replace(/(\.d\.ts|\.js|\.json)(\.map)?$/, '')
    if (stem === source) continue
    if (!['.ts', '.json'].some((ending) => existsSync(at(stem + ending)))) rmSync(at(file))
  }
}

function build() {
  for (const folder of packageFolders()) prune(folder)
  const tsc = at('node_modules/typescript/bin/tsc')
  step('Building', process.execPath, [tsc, '-b', at('tsconfig.json')])
}

/** Installs and builds as far as needed. Throws StepFailed where that does not work. */
export function makeReady() {
  if (isReady()) return
  withLock(() => {
    if (isReady()) return
    const installed = installKey()
    if (stamp('install') !== installed || !existsSync(at('node_modules/typescript'))) {
      install()
      writeStamp('install', installed)
    }
    // Taken before the build: a source saved meanwhile is built again next time.
    const sources = buildKey(installed)
    build()
    writeStamp('build', sources)
  })
}

/** Like makeReady, but ends the process with 1 after saying on stderr what failed. */
export function bootstrap() {
  try {
    makeReady()
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}
