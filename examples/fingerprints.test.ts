/**
 * Each example scenario has a fingerprint: the hash of its results file without the versions. A change
 * of the code that is not meant to change results leaves all of them alone; one that is (a cost model's
 * defaults, a catalog's figures, the order of ties) writes them anew in the same commit:
 *
 *     UPDATE_FINGERPRINTS=1 npx vitest run docs examples
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { llmsim } from '../docs/testing/command-line.js'

const folder = fileURLToPath(new URL('./', import.meta.url))
const file = `${folder}fingerprints.json`

const scenarios = ['quick-start', 'scenarios'].flatMap((name) =>
  readdirSync(`${folder}${name}`)
    .filter((each) => each.endsWith('.yaml'))
    .sort()
    .map((each) => `${name}/${each}`),
)

async function fingerprint(scenario: string): Promise<string> {
  const { code, stdout, stderr } = await llmsim(
    ['--config', scenario, '--format', 'json', '--quiet'],
    folder,
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const { versions, ...results } = JSON.parse(stdout)
  expect(Object.keys(versions)).toContain('@llmsim/cli')
  return createHash('sha256').update(JSON.stringify(results)).digest('hex')
}

it('every example gives the results that it gave before', async () => {
  const found: Record<string, string> = {}
  for (const scenario of scenarios) found[scenario] = await fingerprint(scenario)
  if (process.env.UPDATE_FINGERPRINTS === '1')
    writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`)
  expect(found).toEqual(JSON.parse(readFileSync(file, 'utf8')))
}, 60_000)
