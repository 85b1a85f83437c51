/** The world as the command line sees it; tests hand in their own. */
export interface Io {
  stdout(text: string): void
  stderr(text: string): void
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdoutIsTerminal: boolean
  readonly stderrIsTerminal: boolean
}
