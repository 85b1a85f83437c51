/** The browser in which the tests look at pages. */
import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { run } from './command.mjs'

/** What Debian and others call it. */
const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/** Path of the program; undefined where there is none. `CHROMIUM_PATH` goes before all others. */
export function chromiumPath() {
  const named = process.env.CHROMIUM_PATH
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  const candidates = folders.flatMap((folder) => names.map((name) => path.join(folder, name)))
  return [...(named ? [named] : []), ...candidates].find(isProgram)
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Seconds that installing may take. */
const patience = 300

/**
 * Installs it where that can be done without asking: as root, on a system with apt.
 *
 * @returns {Promise<{ ok: boolean, output: string, skipped?: string }>}
 */
export async function installChromium() {
  if (chromiumPath() !== undefined) return { ok: true, output: '' }
  if (process.getuid?.() !== 0)
    return { ok: true, output: '', skipped: 'not root: install chromium' }
  const apt = '/usr/bin/apt-get'
  if (!existsSync(apt)) return { ok: true, output: '', skipped: 'no apt-get: install chromium' }
  const command = (...args) =>
    run('timeout', [String(patience), 'env', 'DEBIAN_FRONTEND=noninteractive', apt, '-qq', ...args])
  const updated = await command('update')
  const installed = await command('install', '-y', '--no-install-recommends', 'chromium')
  if (chromiumPath() !== undefined) return { ok: true, output: '' }
  const [reason = 'apt-get failed'] = (installed.output || updated.output)
    .trim()
    .split('\n')
    .slice(-1)
  return { ok: true, output: '', skipped: reason }
}
