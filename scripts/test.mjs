/**
 * `npm test`: installs, builds, and runs everything that CI runs. Ends with one line,
 * `N passed, N failed`, in which each test of Vitest counts and each other check counts as one.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { makeReady, root, StepFailed } from './bootstrap.mjs'
import { installChromium } from './chromium.mjs'
import { runNode } from './command.mjs'
import { packAll } from './tarballs.mjs'

const temporary = mkdtempSync(path.join(tmpdir(), 'llmsim-test-'))
const tarballFolder = path.join(temporary, 'tarballs')

const count = { passed: 0, failed: 0, skipped: 0 }
/** What went wrong, said again at the end. */
const failures = []

function tool(file) {
  return path.join(root, 'node_modules', file)
}

/** Counts one check and shows its output where it failed. */
async function check(title, work) {
  const start = Date.now()
  let result
  try {
    result = await work()
  } catch (error) {
    result = { ok: false, output: error.message }
  }
  const seconds = `${((Date.now() - start) / 1000).toFixed(1)} s`
  if (result.skipped !== undefined) {
    count.skipped += 1
    console.log(`skipped  ${title} (${result.skipped})`)
  } else if (result.ok) {
    count.passed += 1
    console.log(`ok       ${title} (${seconds})`)
  } else {
    count.failed += 1
    failures.push(title)
    console.log(`FAILED   ${title} (${seconds})\n${result.output.trimEnd()}\n`)
  }
  return result.ok
}

/** A check that is one run of an installed program. */
function program(title, file, args) {
  return () => check(title, () => runNode(tool(file), args))
}

function script(title, file, args = []) {
  return () => check(title, () => runNode(path.join(root, 'scripts', file), args))
}

/** Whether the changesets and their settings can be read; not whether there are any. */
async function changesets() {
  if (!existsSync(path.join(root, '.git'))) return { skipped: 'not a git clone' }
  const result = await runNode(tool('@changesets/cli/bin.js'), ['status', '--since=HEAD'])
  return { ...result, ok: result.ok || result.output.includes('no changesets were found') }
}

/** Packs once, then looks at every tarball. */
async function published() {
  let tarballs = []
  const packed = await check('pack every package', async () => {
    tarballs = await packAll(tarballFolder)
    return { ok: tarballs.length > 0, output: 'There is nothing to pack.' }
  })
  if (!packed) return
  const jobs = tarballs.flatMap((tarball) => {
    const name = path.basename(tarball, '.tgz')
    return [
      program(`publint ${name}`, 'publint/src/cli.js', ['run', tarball, '--strict']),
      program(`attw ${name}`, '@arethetypeswrong/cli/dist/index.js', [
        ...[tarball, '--profile', 'esm-only'],
        ...['--no-definitely-typed', '--no-emoji', '--no-color', '--format', 'ascii'],
      ]),
    ]
  })
  await inTurn([
    ...jobs,
    script('packed packages in an outside project', 'packed.mjs', [tarballFolder]),
  ])
}

/** Works through the jobs from the first to the last, `width` at a time. */
async function inTurn(jobs, width = 2) {
  const waiting = [...jobs]
  const worker = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await job()
  }
  await Promise.all(Array.from({ length: width }, worker))
}

async function vitest() {
  const file = path.join(temporary, 'vitest.json')
  const { ok } = await runNode(
    tool('vitest/vitest.mjs'),
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
    { live: true },
  )
  let report
  try {
    report = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    count.failed += 1
    failures.push('vitest wrote no report')
    return
  }
  let failed = 0
  for (const { name, status, assertionResults } of report.testResults) {
    const broken = assertionResults.filter((result) => result.status === 'failed')
    for (const { fullName } of broken) {
      failures.push(`${path.relative(root, name)}: ${fullName}`)
    }
    // A file that does not load has no tests, and is a failure all the same.
    if (status === 'failed' && broken.length === 0) {
      failures.push(`${path.relative(root, name)}: does not run`)
      failed += 1
    }
    failed += broken.length
  }
  if (!ok && failed === 0) {
    failures.push('vitest ended with an error outside of any test')
    failed = 1
  }
  count.passed += report.numPassedTests
  count.failed += failed
  count.skipped += report.numPendingTests + report.numTodoTests
}

async function everything() {
  const ready = await check('install and build', async () => {
    try {
      makeReady()
      return { ok: true, output: '' }
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error
      return { ok: false, output: error.message }
    }
  })
  if (!ready) return
  await inTurn([
    program('lint', 'eslint/bin/eslint.js', ['.', '--max-warnings=0']),
    program('types of sources, tests, examples and documents', 'typescript/bin/tsc', [
      ...['-p', 'tsconfig.check.json'],
    ]),
    program('format', 'prettier/bin/prettier.cjs', ['--check', '.']),
    script('arrows', 'check-arrows.mjs'),
    program('nothing unused', 'knip/bin/knip.js', ['--no-config-hints', '--no-progress']),
    () => check('changesets', changesets),
    () => check('a browser for the tests of pages', installChromium),
  ])
  await published()
  await vitest()
}

process.env.CI = 'true'
if (!process.stdout.isTTY) {
  process.env.NO_COLOR = '1'
  delete process.env.FORCE_COLOR
}
const start = Date.now()
try {
  await everything()
} catch (error) {
  count.failed += 1
  failures.push(error.stack ?? String(error))
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
console.log()
for (const failure of failures) console.log(`failed: ${failure}`)
console.log(`${((Date.now() - start) / 1000).toFixed(0)} s, ${count.skipped} skipped`)
console.log(`${count.passed} passed, ${count.failed} failed`)
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1
