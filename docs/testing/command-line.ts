import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './markdown-fence.js'

/** What a command line left behind. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface CommandLine {
  main(argv: readonly string[], io: object): Promise<number>
}

/** Runs a command line of `llmsim` in this process, as from a pipe in the folder `cwd`. */
export async function llmsim(argv: readonly string[], cwd: string): Promise<Outcome> {
  // By its path: the package of the command line exports no code.
  const source = pathToFileURL(path.join(root, 'apps/cli/src/main.ts')).href
  const { main } = (await import(/* @vite-ignore */ source)) as CommandLine
  let stdout = ''
  let stderr = ''
  const code = await main(argv, {
    stdout: (text: string) => void (stdout += text),
    stderr: (text: string) => void (stderr += text),
    cwd,
    env: {},
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
  })
  return { code, stdout, stderr }
}
