#!/usr/bin/env node
import { main } from './main.js'
import { textWriter } from './standard-streams.js'

const exit = (code?: number): void => process.exit(code)
const stderr = textWriter('stderr', process.stderr, () => undefined, exit)

process.exitCode = await main(process.argv.slice(2), {
  stdout: textWriter('stdout', process.stdout, stderr, exit),
  stderr,
  cwd: process.cwd(),
  onInterrupt(handler) {
    process.on('SIGINT', handler)
    return () => process.off('SIGINT', handler)
  },
  env: process.env,
  stdoutIsTerminal: process.stdout.isTTY,
  stderrIsTerminal: process.stderr.isTTY,
  stdoutColumns: process.stdout.isTTY ? process.stdout.columns : undefined,
})
