import type { Writable } from 'node:stream'

/** What writes text to a stream of the process, and ends the process where that fails. */
export type TextWriter = (text: string) => void

/**
 * A writer to `stdout` or `stderr`. A reader that has seen enough (`llmsim models | head`) is no
 * error; what was to be read and is lost (a full disk) is one.
 *
 * @param complain writes one line about a failure.
 * @param exit ends the process with an exit code; undefined: the one that is set.
 */
export function textWriter(
  name: 'stdout' | 'stderr',
  stream: Writable,
  complain: TextWriter,
  exit: (code?: number) => void,
): TextWriter {
  let failed = false
  const fail = (error: NodeJS.ErrnoException): void => {
    if (failed) return
    failed = true
    if (error.code === 'EPIPE') exit()
    else {
      complain(`error: ${name}: cannot be written (${reasonOf(error)})\n`)
      exit(1)
    }
  }
  stream.on('error', fail)
  return (text) => {
    try {
      stream.write(text)
    } catch (error) {
      // Files and devices are written to at once.
      fail(error as NodeJS.ErrnoException)
    }
  }
}

/** `ENOSPC: no space left on device`, without the name of the call. */
function reasonOf({ message }: Error): string {
  return message.split('\n', 1)[0]?.replace(/, \w+$/, '') ?? ''
}
