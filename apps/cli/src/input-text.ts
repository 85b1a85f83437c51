import { SimulatorError } from '@llmsim/contracts'
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The text of a file that a command is given. Throws `SimulatorError` `FILE`, saying what is `accepted`. */
export function inputText(file: string, cwd: string, accepted: string): string {
  try {
    return readFileSync(path.resolve(cwd, file), 'utf8')
  } catch {
    throw new SimulatorError({ code: 'FILE', path: file, message: 'cannot be read', accepted })
  }
}
