import { SimulatorError } from '@llmsim/contracts'
import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { Journal, readJournal } from './journal.js'
import type { OutcomeText } from './point-job.js'

/**
 * Finished points of every study that named the folder. Each process appends to a file of its own, so
 * that studies at the same time, of several machines too, never write into one another's lines.
 */
export class PointCache {
  private own: Journal | undefined

  private constructor(
    private readonly folder: string,
    private readonly outcomes: Map<string, OutcomeText>,
  ) {}

  /** Throws `SimulatorError` `FILE` at `--cache`. */
  static open(name: string, cwd: string): PointCache {
    const folder = path.resolve(cwd, name)
    const outcomes = new Map<string, OutcomeText>()
    try {
      mkdirSync(folder, { recursive: true })
      for (const file of readdirSync(folder).sort())
        if (file.endsWith('.jsonl'))
          for (const [key, outcome] of readJournal(path.join(folder, file)).outcomes)
            outcomes.set(key, outcome)
    } catch (error) {
      throw new SimulatorError({
        code: 'FILE',
        path: '--cache',
        message: `cannot be read or written (${(error as NodeJS.ErrnoException).code ?? String(error)})`,
        given: name,
        accepted: 'a folder that may be written to',
      })
    }
    return new PointCache(folder, outcomes)
  }

  get(key: string): OutcomeText | undefined {
    return this.outcomes.get(key)
  }

  async append(key: string, outcome: OutcomeText): Promise<void> {
    this.outcomes.set(key, outcome)
    this.own ??= Journal.open(`${Date.now()}-${process.pid}.jsonl`, this.folder, {
      study: { cache: 1 },
      resume: true,
      flag: '--cache',
    })
    await this.own.append(key, outcome)
  }

  async close(): Promise<void> {
    await this.own?.close()
  }
}
