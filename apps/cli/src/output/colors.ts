import pc from 'picocolors'
import type { Io } from '../io.js'

export type Colors = ReturnType<typeof pc.createColors>

/** Colours for stdout, or none: https://no-color.org. */
export function colorsFor({ env, stdoutIsTerminal }: Io): Colors {
  const { NO_COLOR: off = '', FORCE_COLOR: on = '', TERM: terminal } = env
  const wanted = on !== '' && on !== '0' ? true : stdoutIsTerminal && terminal !== 'dumb'
  return pc.createColors(off === '' && wanted)
}
