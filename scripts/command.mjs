import { spawn } from 'node:child_process'
import { root } from './bootstrap.mjs'

/** Milliseconds after which a command counts as hung. */
const patience = 40 * 60_000

/**
 * The environment for commands started from here, without what npm adds for the script that is
 * running: a second npm would take it for its own settings.
 */
export function plainEnvironment() {
  const ours = /^(npm_(lifecycle_|package_|command$|execpath$|node_execpath$)|INIT_CWD$)/
  const settings = /^npm_config_(local_prefix|prefix|global_prefix|noproxy|init_module|node_gyp)$/
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !ours.test(name) && !settings.test(name)),
  )
  return { ...environment, CI: 'true', NO_UPDATE_NOTIFIER: '1', TURBO_TELEMETRY_DISABLED: '1' }
}

/**
 * Runs one command to its end. Its output is collected, in the order of writing, and with `live`
 * passed on as it comes.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, live?: boolean }} [options]
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function run(command, args, { cwd = root, live = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: plainEnvironment(),
      shell: process.platform === 'win32' && command !== process.execPath,
      timeout: patience,
    })
    let output = ''
    const take = (text) => {
      output += text
      if (live) process.stdout.write(text)
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', (error) => resolve({ ok: false, output: `${output}${error.message}\n` }))
    child.on('close', (code, signal) => {
      if (signal !== null) output += `${command} was ended by ${signal}\n`
      resolve({ ok: code === 0, output })
    })
  })
}

/** Runs a JavaScript program of an installed package. */
export function runNode(program, args, options) {
  return run(process.execPath, [program, ...args], options)
}
