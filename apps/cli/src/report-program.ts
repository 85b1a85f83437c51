import type { Command } from '@commander-js/extra-typings'
import { checked, command } from './command-options.js'
import type { Io } from './io.js'

/** The commands that show results which are there already: each is loaded when it runs. */
export function addReporting(program: Command, io: Io): void {
  const report = command(program, 'report', 'results as one HTML page, side by side')
  report
    .argument('<RESULTS.json...>', 'what llmsim run --output wrote')
    .option('--output <FILE>', 'the page to write, or the chart')
    .option('--title <TEXT>', "title of the page (default: the scenario's name)")
    .option('--svg <CHART>', 'one chart alone, as SVG: ttft-cdf, queue-depth, roofline, ...')
    .action(async (files, options) =>
      (await import('./commands/report.js')).report(files, checked(options), io),
    )
  const diff = command(program, 'diff', 'what changed from one result to another')
  diff
    .argument('<A.json>', 'what llmsim run --output wrote')
    .argument('<B.json>', 'the other')
    .option('--all', 'every figure: of pools and classes too, changed or not')
    .option('--format <FORMAT>', 'on stdout: table or json (default: table)')
    .action(async (first, second, options) =>
      (await import('./commands/diff.js')).diff(first, second, checked(options), io),
    )
}
