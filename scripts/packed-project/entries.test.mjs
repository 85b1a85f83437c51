import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const entries = JSON.parse(readFileSync(new URL('entries.json', import.meta.url), 'utf8'))

for (const entry of entries) {
  test(`${entry} loads from what was built`, async () => {
    const file = fileURLToPath(import.meta.resolve(entry))
    assert.match(file, /[/\\]node_modules[/\\]@llmsim[/\\][a-z-]+[/\\]dist[/\\]/)
    assert.equal(typeof (await import(entry)), 'object')
  })
}

test('npx llmsim --version answers', () => {
  const shell = process.platform === 'win32'
  const text = execFileSync('npx', ['--no-install', 'llmsim', '--version'], {
    encoding: 'utf8',
    shell,
  })
  assert.match(text, /\d+\.\d+\.\d+/)
})
