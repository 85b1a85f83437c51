/** The two functions of a test runner that the suites use: those of vitest, jest or node:test. */
export interface TestApi {
  readonly describe: (name: string, body: () => void) => unknown
  readonly it: (name: string, body: () => void, timeoutMs?: number) => unknown
}

/** Fails the running test unless `condition` holds. */
export function check(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Error(message())
}
