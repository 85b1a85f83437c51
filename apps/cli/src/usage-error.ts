import { CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { ErrorDetails, SimulatorError } from '@llmsim/contracts'

/** A command line that cannot be understood; no text: help or the version was asked for. */
export class UsageError {
  private constructor(readonly text: string) {}

  static from(error: unknown): UsageError | undefined {
    if (!(error instanceof CommanderError)) return undefined
    if (error.exitCode === 0) return new UsageError('')
    const [first = ''] = error.message.split('\n')
    return new UsageError(`error: ${sentence(error.code, first)}\n`)
  }
}

/** A parser's message in the form of all others: what is at fault, then what is wrong. */
function sentence(code: string, message: string): string {
  const named = /'(--[^' ]+)/.exec(message)?.[1]
  if (code === 'commander.help') return 'a command is missing; llmsim help lists them'
  if (code === 'commander.optionMissingArgument' && named !== undefined)
    return `${named}: needs a value`
  return message.replace(/^error: /, '')
}

/** A flag that is at fault, before the type that says so is loaded: help must start fast. */
export class FlagError extends Error {
  /** @param known names among which the one that was meant may be. */
  constructor(
    private readonly details: ErrorDetails,
    private readonly known: readonly string[] = [],
  ) {
    super(`${details.path}: ${details.message}`)
  }

  async asSimulatorError(): Promise<SimulatorError> {
    const contracts = await import('@llmsim/contracts')
    const nearest = contracts.nearNames(this.details.path, this.known)
    return new contracts.SimulatorError({ ...this.details, nearest })
  }
}

type AnyCommand = CommandUnknownOpts

/** What to throw for an error of the parser of one command. */
export function parserFailure(error: CommanderError, command: AnyCommand): Error {
  if (error.code !== 'commander.unknownOption') return error
  const given = /unknown option '(.*?)'/s.exec(error.message)?.[1] ?? ''
  const flag = given.split('=', 1)[0] ?? given
  const own = flagsOf(command)
  if (flag !== given && takenWith(command, flag))
    return new FlagError({
      code: 'INVALID_VALUE',
      path: flag,
      message: 'takes no value',
      given: given.slice(flag.length + 1),
      accepted: `${flag} alone, or no such flag`,
    })
  const owners = everyCommand(rootOf(command)).filter((one) => flagsOf(one).includes(flag))
  if (owners.length === 0)
    return new FlagError({ code: 'UNKNOWN_NAME', path: flag, message: 'unknown flag' }, own)
  return new FlagError({
    code: 'UNKNOWN_NAME',
    path: flag,
    message: `is a flag of ${owners.map(nameOf).join(', ')}, not of ${nameOf(command)}`,
    accepted: own.filter((name) => name.startsWith('--')).join(', '),
  })
}

/** Makes it an error to give a flag twice, except those whose values are collected. */
export function refuseRepeats(program: AnyCommand): void {
  for (const command of everyCommand(program))
    for (const option of command.options) {
      if (option.parseArg !== undefined || option.hidden) continue
      let given = false
      command.on(`option:${option.name()}`, () => {
        if (given)
          throw new FlagError({
            code: 'CONFLICT',
            path: option.long ?? option.flags,
            message: 'is given twice',
            accepted: 'each flag once',
          })
        given = true
      })
    }
}

/** Whether a command, or one above it, knows the flag. */
function takenWith(command: AnyCommand, flag: string): boolean {
  const { parent, options } = command
  return (
    flag === '--help' ||
    options.some(({ short, long }) => flag === long || flag === short) ||
    (parent !== null && takenWith(parent, flag))
  )
}

function flagsOf(command: AnyCommand): string[] {
  return command.options
    .filter((option) => !option.hidden)
    .flatMap(({ short, long }) => [short, long])
    .filter((flag) => flag !== undefined)
}

function rootOf(command: AnyCommand): AnyCommand {
  return command.parent === null ? command : rootOf(command.parent)
}

function everyCommand(command: AnyCommand): AnyCommand[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

/** The words after `llmsim` that start a command. */
function nameOf(command: AnyCommand): string {
  const above = command.parent
  const higher = above?.parent ?? null
  return above === null || higher === null ? command.name() : `${nameOf(above)} ${command.name()}`
}
