/** Whether the user asked a study to stop. */
export interface Interruption {
  readonly aborted: boolean
  /** Leaves Ctrl-C as it was. */
  release(): void
}

/**
 * Takes the first Ctrl-C (or SIGTERM) as a wish to stop once the points in flight are done; a second one
 * ends the process as it always does.
 */
export function interruption(): Interruption {
  const state = { aborted: false, release }
  const stop = (): void => {
    state.aborted = true
    release()
  }
  function release(): void {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return state
}
