/** The world as the command line sees it; tests hand in their own. */
export interface Io {
  stdout(text: string): void
  stderr(text: string): void
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdoutIsTerminal: boolean
  readonly stderrIsTerminal: boolean
  /** Characters in a line of the terminal; undefined where stdout is none. */
  readonly stdoutColumns?: number | undefined
}
