import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { llmsim } from './command-line.js'
import { root } from './markdown-fence.js'

/** The commands of a shell fence: one a line, continued by a backslash, without comments. */
export function commandsOf(code: string): string[] {
  return code
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
}

/**
 * Runs `llmsim` commands in the folder `cwd`, in this process, and returns what they print. Of other
 * commands it is only checked that what they name is there. Throws what is wrong.
 */
export async function runCommand(command: string, cwd: string): Promise<string> {
  const [line = '', target] = command.split(/\s+>\s+/)
  const words = (line.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) =>
    word.replace(/^(['"])(.*)\1$/, '$2'),
  )
  const argv = argumentsOfLlmsim(words)
  if (argv === undefined) {
    checkNames(words, command)
    return ''
  }
  const { code, stdout, stderr } = await llmsim(argv, cwd)
  if (code !== 0) throw new Error(`exit code ${code}: ${command}\n${stderr}`)
  if (target === undefined) return stdout
  writeFileSync(path.join(cwd, target), stdout)
  return ''
}

function argumentsOfLlmsim(words: readonly string[]): string[] | undefined {
  // Of which each document says what it stands for. `npx llmsim` finds nothing in a clone.
  if (words[0] === 'llmsim') return words.slice(1)
  const script = /^npm run (--silent )?llmsim -- /.exec(`${words.join(' ')} `)
  return script === null ? undefined : words.slice(script[1] === undefined ? 4 : 5)
}

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>
}

function checkNames(words: readonly string[], command: string): void {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest
  const [program = '', ...rest] = words.filter((word) => !/^[A-Z_]+=/.test(word))
  const isScript = (name: string | undefined): boolean =>
    name !== undefined && Object.hasOwn(scripts, name)
  const isProgram = (name: string | undefined): boolean =>
    name !== undefined && existsSync(path.join(root, 'node_modules/.bin', name))
  const isPackage = (name: string): boolean =>
    !name.startsWith('@llmsim/') ||
    [`packages/${name.slice('@llmsim/'.length)}`, `apps/${name.slice('@llmsim/'.length)}`].some(
      (folder) => existsSync(path.join(root, folder, 'package.json')),
    )
  const ok =
    program === 'git' ||
    (program === 'node' && rest[0] !== undefined && isThere(rest[0])) ||
    (program === 'npm' && rest[0] === 'install' && rest.slice(1).every(isPackage)) ||
    (program === 'npm' && (isScript(rest[0]) || (rest[0] === 'run' && isScript(rest[1])))) ||
    (program === 'npx' && rest[0] === 'pnpm' && (isScript(rest[1]) || rest[1] === 'install')) ||
    (program === 'npx' && rest[0] === 'pnpm' && isProgram(rest[1])) ||
    (program === 'npx' && rest[0] === 'vitest' && rest.slice(2).every(isThere))
  if (!ok) throw new Error(`nothing in this repository answers to: ${command}`)
}

function isThere(file: string): boolean {
  return existsSync(path.join(root, file))
}
