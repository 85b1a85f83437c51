/**
 * `node scripts/gallery.mjs`: makes the pictures of docs/gallery.md again, by the commands that stand there.
 * Needs a built tree and Chromium.
 */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './bootstrap.mjs'
import { chromiumPath } from './chromium.mjs'

const images = path.join(root, 'docs/images')
/** A picture should load at once. */
const mostBytes = 150_000

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-gallery-'))
try {
  mkdirSync(images, { recursive: true })
  for (const command of commands()) llmsim(command)
  for (const name of [
    'ttft-cdf',
    'ttft-over-time',
    'queue-depth',
    'roofline',
    'decode-operators',
  ]) {
    const file = path.join(images, `${name}.svg`)
    const files =
      name.startsWith('ttft') || name === 'queue-depth' ? 'greedy.json chunked.json' : 'greedy.json'
    llmsim(`report ${files} --svg ${name} --output ${file}`)
    report(file)
  }
  await pictures()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The commands of the gallery, as they stand there. */
function commands() {
  const text = readFileSync(path.join(root, 'docs/gallery.md'), 'utf8')
  return [...text.matchAll(/^```sh\n(.*?)\n```/gms)]
    .flatMap(([, fence]) => fence.replace(/\\\n\s*/g, '').split('\n'))
    .filter((line) => line.startsWith('llmsim '))
    .map((line) => line.slice('llmsim '.length))
}

function llmsim(line) {
  const words = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'(.*)'$/, '$1'))
  const program = path.join(root, 'apps/cli/dist/bin.js')
  execFileSync(process.execPath, [program, ...words], { cwd: folder, stdio: 'ignore' })
}

async function pictures() {
  const executablePath = chromiumPath()
  if (executablePath === undefined) throw new Error('There is no Chromium to take pictures with.')
  const { chromium } = createRequire(path.join(root, 'apps/cli/package.json'))('playwright-core')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const looks = [
      ['report.html', 'report-light', 'light', 1120, 940],
      ['report.html', 'report-dark', 'dark', 1120, 940],
      ['report.html', 'report-phone', 'dark', 375, 812],
      ['comparison.html', 'comparison', 'light', 1120, 900],
    ]
    for (const [page, name, colorScheme, width, height] of looks) {
      const tab = await browser.newPage({ viewport: { width, height }, colorScheme })
      await tab.goto(pathToFileURL(path.join(folder, page)).href)
      const file = path.join(images, `${name}.png`)
      await tab.screenshot({ path: file })
      report(file)
      await tab.close()
    }
  } finally {
    await browser.close()
  }
}

function report(file) {
  const { size } = statSync(file)
  console.log(`${path.relative(root, file)}: ${size} bytes`)
  if (size > mostBytes) throw new Error(`${file} is larger than ${mostBytes} bytes`)
}
