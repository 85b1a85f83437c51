import type { Io } from '../io.js'
import { main } from '../main.js'

/** What a command line left behind. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line in this process, as from a pipe in the folder `cwd`. */
export async function llmsim(
  argv: readonly string[],
  cwd: string,
  terminal: Pick<Io, 'stdoutColumns'> = {},
): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  const io: Io = {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    cwd,
    env: {},
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    ...terminal,
  }
  const code = await main(argv, io)
  return { code, stdout, stderr }
}
