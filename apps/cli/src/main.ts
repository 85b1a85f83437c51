import type { Io } from './io.js'
import { createProgram } from './program.js'
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
    return await explain(error, argv.includes('--debug'), io)
  }
}

async function explain(thrown: unknown, debug: boolean, io: Io): Promise<number> {
  const error = thrown instanceof FlagError ? await thrown.asSimulatorError() : thrown
  const usage = UsageError.from(error)
  if (usage !== undefined) {
    if (usage.text !== '') io.stderr(usage.text)
    return usage.text === '' ? done : badInput
  }
  const { isSimulatorError } = await import('@llmsim/contracts')
  const stack = error instanceof Error ? (error.stack ?? '') : String(error)
  if (isSimulatorError(error)) {
    const { errorText } = await import('./error-text.js')
    io.stderr(errorText(error))
    if (debug) io.stderr(`${stack}\n`)
    return error.code === 'CONTRACT' ? failed : badInput
  }
  const message = error instanceof Error ? error.message : String(error)
  io.stderr(`internal error: ${message.split('\n', 1)[0] ?? ''}\n`)
  io.stderr(debug ? `${stack}\n` : '  (--debug shows where)\n')
  return failed
}
