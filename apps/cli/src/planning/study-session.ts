import { SimulatorError } from '@llmsim/contracts'
import { availableParallelism } from 'node:os'
import type { Io } from '../io.js'
import { wholeNumber } from '../commands/option-values.js'
import { loadRegistries, type RegistryOptions } from '../registries.js'
import { openExecutor } from './executor-choice.js'
import { interruption, type Interruption } from './interruption.js'
import { Journal, type StudyDescription } from './journal.js'
import { PointCache } from './point-cache.js'
import type { StudyContext } from './point-job.js'
import { Study } from './study.js'
import { studyProgress, type StudyProgress } from './study-progress.js'

/** Flags of every command that runs a study. */
export interface StudyOptions extends RegistryOptions {
  /** Threads. */
  readonly jobs?: string
  readonly executor?: string
  readonly journal?: string
  readonly resume?: boolean
  readonly cache?: string
  readonly quiet?: boolean
}

/** A study that is under way: where its points are evaluated, and what the user sees and stops. */
export interface StudySession {
  readonly study: Study
  readonly progress: StudyProgress
  readonly interruption: Interruption
}

/** Thrown where a user stopped a study. */
export class StudyStopped extends Error {}

/** The exit code of a process that Ctrl-C ended. */
export const interruptedCode = 130

const mostThreads = 1024

/**
 * Opens what a study needs, runs `body`, and closes it again, whatever happens. A study that the user
 * stopped ends with exit code 130, and with a word on how to go on.
 *
 * @param description what the journal says of the study.
 */
export async function inStudy(
  options: StudyOptions,
  { io, folders, description, exit, label }: StudyFrame,
  body: (session: StudySession) => Promise<void>,
): Promise<void> {
  if (options.resume === true && options.journal === undefined)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: '--resume',
      message: 'goes on with a journal, and none is named',
      accepted: '--journal FILE beside it',
    })
  const threads =
    wholeNumber('--jobs', options.jobs, mostThreads) ?? Math.max(1, availableParallelism())
  const context: StudyContext = {
    catalog: options.catalog ?? [],
    plugin: options.plugin ?? [],
    folders,
    cwd: io.cwd,
  }
  const registries = await loadRegistries(context, io.cwd)
  const journal =
    options.journal === undefined
      ? undefined
      : Journal.open(options.journal, io.cwd, {
          study: description,
          resume: options.resume === true,
          flag: '--journal',
        })
  const cache = options.cache === undefined ? undefined : PointCache.open(options.cache, io.cwd)
  const executor = await openExecutor(options.executor, threads, io)
  const study = new Study({ context, registries, executor, journal, cache })
  const stop = interruption()
  const progress = studyProgress(io, options.quiet === true, label)
  try {
    await body({ study, progress, interruption: stop })
  } catch (error) {
    if (!(error instanceof StudyStopped)) throw error
    progress.stop()
    io.stderr(
      journal === undefined && cache === undefined
        ? 'stopped; --journal FILE or --cache DIR would have kept the finished points\n'
        : `stopped; the finished points are kept in ${options.journal ?? options.cache}` +
            `${journal === undefined ? '' : ': --resume goes on'}\n`,
    )
    exit(interruptedCode)
  } finally {
    progress.stop()
    stop.release()
    await study.close()
  }
}

/** What a command says of its study. */
export interface StudyFrame {
  readonly io: Io
  readonly folders: readonly string[]
  readonly description: StudyDescription
  readonly exit: (code: number) => void
  /** What is counted: `points`. */
  readonly label: string
}
