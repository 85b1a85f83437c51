/** The world as the command line sees it; tests hand in their own. */
export interface Io {
  stdout(text: string): void
  stderr(text: string): void
  readonly cwd: string
  /** Calls a handler when the user wants to stop (Ctrl-C), in place of ending; the answer takes it back. */
  onInterrupt?(handler: () => void): () => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdoutIsTerminal: boolean
  readonly stderrIsTerminal: boolean
  /** Characters in a line of the terminal; undefined where stdout is none. */
  readonly stdoutColumns?: number | undefined
}
