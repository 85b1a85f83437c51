import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { llmsim, type Outcome } from './testing/captured-io.js'

const cwd = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
const run = (line: string): Promise<Outcome> =>
  llmsim(`--model tiny-1b --xpu l4 --duration 1 ${line}`.split(' '), cwd)

const plugin = (file: string, create: string): void =>
  writeFileSync(
    path.join(cwd, file),
    `function myPlan() { throw new Error('mine') }\n` +
      `export const schedulers = [{ name: 'mine', description: 'mine', create: ${create} }]`,
  )

describe('an error within a plug-in', () => {
  it.each([
    ['plans.mjs', `() => ({ name: 'mine', plan: myPlan })`],
    ['creates.mjs', `() => myPlan()`],
  ])('comes with its own stack under --debug: %s', async (file, create) => {
    plugin(file, create)
    const plain = await run(`--plugin ./${file} --scheduler mine`)
    expect(plain.code).toBe(1)
    expect(plain.stderr).toMatch(/^error: .*mine.*\n {2}\(--debug shows where\)\n$/)
    const { code, stderr } = await run(`--plugin ./${file} --scheduler mine --debug`)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^caused by: Error: mine\n\s+at .*myPlan/m)
    expect(stderr).not.toContain('--debug')
  })

  it('that cannot be imported names file and line under --debug', async () => {
    writeFileSync(path.join(cwd, 'broken.mjs'), 'export const a = 1\nexport const = 2\n')
    const plain = await run('--plugin ./broken.mjs')
    expect(plain.code).toBe(2)
    expect(plain.stderr).toContain('(--debug shows where)')
    const { stderr } = await run('--plugin ./broken.mjs --debug')
    expect(stderr).toMatch(/caused by: [^]*broken\.mjs:2/)
  })
})

it('points to --plugin where a name is unknown', async () => {
  for (const flag of ['--scheduler', '--router', '--cost-model'])
    expect((await run(`${flag} theirs`)).stderr).toMatch(
      /accepted: .*, or one of a plug-in given by --plugin/,
    )
})
