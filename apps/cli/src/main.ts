import { inspect } from 'node:util'
import type { Io } from './io.js'
import { createProgram } from './program.js'
import { lostFlagsHint } from './lost-flags.js'
import { FlagError, UsageError } from './usage-error.js'

/** Exit codes: all went well, the run failed, the input is at fault. */
const done = 0
const failed = 1
const badInput = 2

/**
 * Runs one command line and returns its exit code; nothing is thrown.
 *
 * @param argv the words after the program's name.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let code = done
  try {
    await createProgram(io, (exitCode) => {
      code = exitCode
    }).parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    return await explain(error, argv, io)
  }
}

async function explain(thrown: unknown, argv: readonly string[], io: Io): Promise<number> {
  const debug = argv.includes('--debug')
  const error = thrown instanceof FlagError ? await thrown.asSimulatorError() : thrown
  const usage = UsageError.from(error)
  if (usage?.text === '') return done
  const hint = lostFlagsHint(argv, io.env)
  if (usage !== undefined) {
    io.stderr(usage.text + hint)
    return badInput
  }
  const { isSimulatorError } = await import('@llmsim/contracts')
  if (isSimulatorError(error)) {
    const { errorText } = await import('./error-text.js')
    io.stderr(errorText(error) + hint)
    if (debug) io.stderr(stackText(error))
    else if (error.cause !== undefined) io.stderr(debugHint)
    return error.code === 'CONTRACT' ? failed : badInput
  }
  const message = error instanceof Error ? error.message : String(error)
  io.stderr(`internal error: ${message.split('\n', 1)[0] ?? ''}\n`)
  io.stderr(debug ? stackText(error) : debugHint)
  return failed
}

const debugHint = '  (--debug shows where)\n'

/** Where an error comes from, and those that it came from. */
function stackText(error: unknown): string {
  const texts: string[] = []
  // A chain of causes may be a circle.
  const seen = new Set<unknown>()
  let at = error
  while (at !== undefined && !seen.has(at)) {
    seen.add(at)
    texts.push(at instanceof Error ? (at.stack ?? at.message) : inspect(at))
    at = at instanceof Error ? at.cause : undefined
  }
  return `${texts.join('\ncaused by: ')}\n`
}
