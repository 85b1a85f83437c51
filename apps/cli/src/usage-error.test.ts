import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { llmsim, type Outcome } from './testing/captured-io.js'

const cwd = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
const run = (line: string): Promise<Outcome> => llmsim(line.split(' '), cwd)

describe('an unknown flag', () => {
  it('is likened to the flags of its own command alone', async () => {
    expect((await run('--modle x')).stderr).toContain('did you mean --model')
    const { code, stderr } = await run('models --catalogue x')
    expect(code).toBe(2)
    expect(stderr).toBe('error: --catalogue: unknown flag\n  did you mean --catalog?\n')
    expect((await run('models --modle x')).stderr).toBe('error: --modle: unknown flag\n')
    expect((await run('models --modle=x')).stderr).toBe('error: --modle: unknown flag\n')
    expect((await run('models -x')).stderr).toBe('error: -x: unknown flag\n')
  })

  it('of other commands is named as theirs', async () => {
    const { code, stderr } = await run('compare --xpu h100 --output x')
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^error: --output: is a flag of run, .*calibrate.*, not of compare\n {2}accepted: .*--xpu/,
    )
    expect((await run('config schema --json')).stderr).toContain(
      '--json: is a flag of models, hardware, config check, not of config schema',
    )
  })
})

describe('a flag that is given twice', () => {
  it.each([
    ['--model a --tp 2 --tp 4', '--tp: is given twice'],
    ['--xpu h100 --hardware h200', '--xpu: is given twice'],
    ['compare --quiet --quiet', '--quiet: is given twice'],
  ])('is refused: %s', async (line, message) => {
    const { code, stderr } = await run(line)
    expect({ code, stderr }).toMatchObject({ code: 2 })
    expect(stderr).toContain(message)
  })

  it('is fine where its values are collected', async () => {
    const line =
      'run --model tiny-1b --xpu l4 --duration 1 --set random_seed=1 --set warm_up_duration_s=0'
    expect((await run(line)).code).toBe(0)
  })
})

it.each([
  ['compare --model tiny-1b --xpu h100,H100', '--xpu: names H100 twice'],
  ['compare --model tiny-1b --xpu h100,,h200', '--xpu: has a comma'],
  ['compare --model tiny-1b --xpu h100,', '--xpu: has a comma'],
  ['compare --model tiny-1b --xpu h100 --tp 1,2', '--tp: is a list (of all flags only --xpu'],
])('refuses a list that is none: %s', async (line, message) => {
  const { code, stderr } = await run(line)
  expect(code).toBe(2)
  expect(stderr).toContain(`error: ${message}`)
})
