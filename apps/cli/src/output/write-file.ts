import { SimulatorError } from '@llmsim/contracts'
import {
  accessSync,
  constants,
  lstatSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'

/** A place for a file, checked to be writable before there is anything to write. */
export interface FileTarget {
  /** What the user wrote. */
  readonly name: string
  readonly absolute: string
  /** A device or a pipe, which no other file may take the place of. */
  readonly special: boolean
}

/** Where tables, progress and errors go. */
const standardStreams = /^\/(dev\/(stdout|stderr|fd\/[12])|proc\/(self|\d+)\/fd\/[12])$/

/** Checks where a file shall be written. Throws `SimulatorError` `FILE` at `flag`. */
export function fileTarget(name: string, cwd: string, flag = '--output'): FileTarget {
  if (name === '') throw refusal(flag, name, 'is empty')
  let absolute = path.resolve(cwd, name)
  if (standardStreams.test(absolute))
    throw refusal(flag, name, 'is a stream of this process, not a file (see --format)')
  try {
    const status = statSync(absolute, { throwIfNoEntry: false })
    if (status?.isDirectory() === true) throw refusal(flag, name, 'is a folder')
    if (/[/\\]$/.test(name)) throw refusal(flag, name, 'names a folder that does not exist')
    if (status === undefined && lstatSync(absolute, { throwIfNoEntry: false }) !== undefined)
      throw refusal(flag, name, 'is a link to something that does not exist')
    const special = status !== undefined && !status.isFile()
    if (status !== undefined) {
      // A pipe has no path of its own.
      if (!special) absolute = realpathSync(absolute)
      accessSync(absolute, constants.W_OK)
    }
    if (!special) accessSync(path.dirname(absolute), constants.W_OK)
    return { name, absolute, special }
  } catch (error) {
    if (error instanceof SimulatorError) throw error
    throw refusal(flag, name, problemOf(error))
  }
}

/** Writes a file whole (a temporary file beside it, then a rename) or not at all. */
export function writeWhole(target: FileTarget, text: string | Uint8Array, flag = '--output'): void {
  const { absolute, special, name } = target
  const written = special ? absolute : `${absolute}.${process.pid}.tmp`
  try {
    writeFileSync(written, text)
    if (!special) renameSync(written, absolute)
  } catch (error) {
    if (!special) rmSync(written, { force: true })
    throw refusal(flag, name, problemOf(error))
  }
}

/** The error of a file that cannot be written, at its flag. */
export function writeRefusal(flag: string, given: string, error: unknown): SimulatorError {
  return error instanceof SimulatorError ? error : refusal(flag, given, problemOf(error))
}

function problemOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'is in a folder that does not exist'
  if (code === 'ENOTDIR') return 'is below something that is no folder'
  if (code === 'ENOSPC' || code === 'EDQUOT') return `is on a device without space left (${code})`
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'may not be written'
  return `cannot be written (${code ?? String(error)})`
}

function refusal(flag: string, given: string, message: string): SimulatorError {
  return new SimulatorError({
    code: 'FILE',
    path: flag,
    message,
    given,
    accepted: 'a file in an existing folder that may be written to',
  })
}
