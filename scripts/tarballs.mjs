import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { run } from './command.mjs'
import { root } from './bootstrap.mjs'

/**
 * Packs every package that is published, as `pnpm publish` would.
 *
 * @param {string} folder where the tarballs go
 * @returns {Promise<string[]>} their paths
 */
export async function packAll(folder) {
  mkdirSync(folder, { recursive: true })
  const pnpm = path.join(root, 'node_modules/pnpm/bin/pnpm.cjs')
  const args = ['-r', '--filter', './packages/*', '--filter', './apps/*', 'pack']
  const { ok, output } = await run(process.execPath, [pnpm, ...args, '--pack-destination', folder])
  if (!ok) throw new Error(`Packing failed.\n${output}`)
  return readdirSync(folder)
    .filter((file) => file.endsWith('.tgz'))
    .sort()
    .map((file) => path.join(folder, file))
}
