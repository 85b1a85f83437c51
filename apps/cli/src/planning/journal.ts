import { SimulatorError } from '@llmsim/contracts'
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fdatasync,
  ftruncateSync,
  openSync,
  readFileSync,
  write,
} from 'node:fs'
import path from 'node:path'
import type { OutcomeText } from './point-job.js'

/** What the first line of a journal says of the study: another study may not go on with it. */
export type StudyDescription = Readonly<Record<string, unknown>>

/** What a journal held when it was read. */
export interface JournalContents {
  readonly study: StudyDescription | undefined
  /** Outcomes by the key of their point. */
  readonly outcomes: Map<string, OutcomeText>
  /** Bytes up to the end of the last line that is whole. */
  readonly wholeBytes: number
}

/** A line that is not on the disk yet, and who waits for it. */
interface Waiting {
  readonly line: string
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Finished points of a study in a file that only grows. Each line carries a checksum of itself, so that
 * one that was cut off or damaged is seen, and left out. A point is on the disk before `append` resolves.
 */
export class Journal {
  private waiting: Waiting[] = []
  private writing: Promise<void> | undefined

  private constructor(
    readonly file: string,
    private readonly descriptor: number,
    readonly outcomes: Map<string, OutcomeText>,
  ) {}

  /**
   * Opens a journal to write to.
   *
   * @param resume go on with the file that is there, if one is; else one that is there is refused.
   * @throws SimulatorError FILE, CONFLICT for a journal of another study.
   */
  static open(
    name: string,
    cwd: string,
    { study, resume, flag }: { study: StudyDescription; resume: boolean; flag: string },
  ): Journal {
    const file = path.resolve(cwd, name)
    try {
      const there = existsSync(file)
      if (there && !resume)
        throw new SimulatorError({
          code: 'CONFLICT',
          path: flag,
          message: 'holds finished points already',
          given: name,
          accepted: '--resume to go on with it, or another file',
        })
      const contents = there ? readJournal(file) : emptyJournal()
      if (contents.study !== undefined && !same(contents.study, study))
        throw new SimulatorError({
          code: 'CONFLICT',
          path: flag,
          message: 'is the journal of another study',
          given: name,
          accepted: 'the command line that began it, or another file',
        })
      const descriptor = openSync(file, 'a')
      const journal = new Journal(file, descriptor, contents.outcomes)
      // What was being written when a process was killed.
      if (there) ftruncateSync(descriptor, contents.wholeBytes)
      if (contents.study === undefined) void journal.enqueue(line({ study }))
      return journal
    } catch (error) {
      if (error instanceof SimulatorError) throw error
      throw journalError(flag, name, error)
    }
  }

  /** Keeps what a point came to. Resolves once it is on the disk. */
  append(key: string, outcome: OutcomeText): Promise<void> {
    this.outcomes.set(key, outcome)
    // The outcome is JSON already: parsed and written again it would be the same, more slowly.
    return this.enqueue(sealed(`{"key":${JSON.stringify(key)},"outcome":${outcome}}`))
  }

  /** Waits for what is being written, then closes the file. */
  async close(): Promise<void> {
    await this.writing
    closeSync(this.descriptor)
  }

  private enqueue(text: string): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      this.waiting.push({ line: text, resolve, reject })
    })
    promise.catch(() => undefined)
    this.writing ??= this.drain()
    return promise
  }

  /** Writes all that waits at once: points that finish together share one wait for the disk. */
  private async drain(): Promise<void> {
    await Promise.resolve()
    while (this.waiting.length > 0) {
      const batch = this.waiting
      this.waiting = []
      try {
        await writeAll(this.descriptor, Buffer.from(batch.map(({ line: text }) => text).join('')))
        await synchronised(this.descriptor)
        for (const one of batch) one.resolve()
      } catch (error) {
        for (const one of batch) one.reject(journalError('--journal', this.file, error))
      }
    }
    this.writing = undefined
  }
}

/** Reads a journal, and leaves out every line whose checksum does not hold. */
export function readJournal(file: string): JournalContents {
  const bytes = readFileSync(file)
  const outcomes = new Map<string, OutcomeText>()
  let study: StudyDescription | undefined
  let wholeBytes = 0
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(10, start)
    if (end < 0) break
    const entry = opened(bytes.toString('utf8', start, end))
    start = end + 1
    if (entry === undefined) continue
    wholeBytes = start
    const found = pointText.exec(entry)
    if (found !== null) outcomes.set(found[1] ?? '', found[2] ?? '')
    else study ??= (JSON.parse(entry) as { study?: StudyDescription }).study
  }
  return { study, outcomes, wholeBytes }
}

function emptyJournal(): JournalContents {
  return { study: undefined, outcomes: new Map<string, OutcomeText>(), wholeBytes: 0 }
}

const pointText = /^\{"key":"([0-9a-f]+)","outcome":(.*)\}$/s
const sealText = /^\{"sum":"([0-9a-f]{16})","entry":(.*)\}$/s

function line(entry: unknown): string {
  return sealed(JSON.stringify(entry))
}

function sealed(entry: string): string {
  return `{"sum":"${checksum(entry)}","entry":${entry}}\n`
}

/** The entry of a line; absent where its checksum is another one. */
function opened(text: string): string | undefined {
  const found = sealText.exec(text)
  const entry = found?.[2]
  return entry !== undefined && checksum(entry) === found?.[1] ? entry : undefined
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

function same(one: StudyDescription, other: StudyDescription): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

async function writeAll(descriptor: number, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += await new Promise<number>((resolve, reject) => {
      write(descriptor, bytes, done, bytes.length - done, null, (error, written) => {
        if (error === null) resolve(written)
        else reject(error)
      })
    })
}

function synchronised(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => {
      if (error === null) resolve()
      // A pipe or a device has nothing to wait for.
      else if (error.code === 'EINVAL' || error.code === 'ENOTSUP') resolve()
      else reject(error)
    })
  })
}

function journalError(flag: string, name: string, error: unknown): SimulatorError {
  const { code } = error as NodeJS.ErrnoException
  return new SimulatorError({
    code: 'FILE',
    path: flag,
    message: `cannot be read or written (${code ?? String(error)})`,
    given: name,
    accepted: 'a file in an existing folder that may be written to',
  })
}
