import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createProgram } from './program.js'
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

describe('a flag without a value', () => {
  const everyCommand = (command: CommandUnknownOpts): CommandUnknownOpts[] => [
    command,
    ...command.commands.flatMap(everyCommand),
  ]
  const silent = {
    ...{ stdout: () => undefined, stderr: () => undefined, cwd, env: {} },
    ...{ stdoutIsTerminal: false, stderrIsTerminal: false },
  }
  const flags = everyCommand(createProgram(silent, () => undefined))
    .filter(({ commands }) => commands.length === 0)
    .flatMap((command) => {
      const { parent } = command
      const words = parent?.parent ? [parent.name(), command.name()] : [command.name()]
      return command.options
        .filter(({ required, optional }) => !required && !optional)
        .map(({ long }) => [...words, long ?? ''] as const)
    })

  it('is so of most commands', () => {
    expect(flags.length).toBeGreaterThan(40)
  })

  it('says so where one is given, whatever the command', async () => {
    for (const words of flags) {
      const flag = words.at(-1)!
      const { code, stderr } = await llmsim([...words.slice(0, -1), `${flag}=true`], cwd)
      expect({ code, stderr }, words.join(' ')).toEqual({
        code: 2,
        stderr: `error: ${flag}: takes no value; given "true"\n  accepted: ${flag} alone, or no such flag\n`,
      })
    }
  })

  it.each(['--help=1', '--version=1', 'run --model x --step-by-step=false'])(
    'says so of %s',
    async (line) => {
      expect((await run(line)).stderr).toMatch(/^error: --[a-z-]+: takes no value; given "/)
    },
  )
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
