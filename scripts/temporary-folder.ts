import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Gives the tests of one run a temporary folder of their own, and removes it with all they left. */
export default function setUp(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'llmsim-tests-'))
  process.env.TMPDIR = folder
  return () => {
    rmSync(folder, { recursive: true, force: true })
  }
}
