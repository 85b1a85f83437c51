import {
  CommanderError,
  Option,
  type Command,
  type OptionValues,
} from '@commander-js/extra-typings'
import { examples } from './examples.js'
import type { ScenarioFlag } from './flags.js'
import { parserFailure } from './usage-error.js'

/** A command below another one, with its examples. */
export function command(
  parent: Command,
  name: string,
  description: string,
  isDefault = false,
): Command {
  const made: Command = parent.command(name, { isDefault })
  made.description(description).exitOverride((error) => {
    throw parserFailure(error, made)
  })
  const example = examples[parent.name() === 'llmsim' ? name : `${parent.name()} ${name}`]
  if (example !== undefined) made.addHelpText('after', example)
  return made
}

/** The flags of a table, under their headings. */
export function addFlags(target: Command, flags: readonly ScenarioFlag[]): void {
  for (const { flag, alias, argument, description, group } of flags) {
    const names = alias === undefined ? flag : `${alias}, ${flag}`
    target.addOption(
      grouped(argument === undefined ? names : `${names} <${argument}>`, description, group),
    )
  }
}

const scenarioGroup = 'Scenario:'

/** Where a scenario comes from, beside its flags. */
export function addScenarioOptions(target: Command): void {
  target.addOption(
    grouped(
      '--config <FILE>',
      'scenario or results file, JSON or YAML; flags override it',
      scenarioGroup,
    ),
  )
  addList(target, '--set <FIELD=VALUE>', 'set any field (null takes it out); repeatable')
  addCatalogOption(target)
  addPluginOption(target)
}

export function addCatalogOption(target: Command): void {
  addList(target, '--catalog <PATH|PACKAGE>', 'more models and accelerators; repeatable')
}

export function addPluginOption(target: Command): void {
  addList(
    target,
    '--plugin <PATH|PACKAGE>',
    'more schedulers, routers, admission policies, deciders and cost models; repeatable',
  )
}

export function grouped(flags: string, description: string, group: string): Option {
  return new Option(flags, description).helpGroup(group)
}

/** A flag that may be given several times: its values are collected. */
export function addList(
  target: Command,
  flags: string,
  description: string,
  heading = scenarioGroup,
): void {
  target.addOption(
    grouped(flags, description, heading).argParser(
      (value: string, before: string[] | undefined) => [...(before ?? []), value],
    ),
  )
}

/** Options in which no value is a flag: `--model --tp 8` has lost the model's name. */
export function checked(options: OptionValues): OptionValues {
  for (const [name, value] of Object.entries(options))
    for (const text of Array.isArray(value) ? (value as unknown[]) : [value])
      if (typeof text === 'string' && text.startsWith('--')) {
        const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
        throw new CommanderError(
          2,
          'llmsim.missing',
          `error: ${flag}: needs a value before ${text}`,
        )
      }
  return options
}
