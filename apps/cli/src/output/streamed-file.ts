import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import type { FileTarget } from './write-file.js'
import { writeRefusal } from './write-file.js'

/**
 * A file that is written piece by piece, and is there whole or not at all: pieces go to a temporary file
 * beside it, which takes its place when all are written. Throws `SimulatorError` `FILE` at `flag`.
 */
export class StreamedFile {
  readonly #target: FileTarget
  readonly #flag: string
  readonly #written: string
  #descriptor: number | undefined

  constructor(target: FileTarget, flag: string) {
    this.#target = target
    this.#flag = flag
    this.#written = target.special ? target.absolute : `${target.absolute}.${process.pid}.tmp`
    this.#descriptor = this.#attempt(() => openSync(this.#written, 'w'))
  }

  /** Appends a piece, all of it. */
  write(piece: string | Uint8Array): void {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    this.#attempt(() => {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor!, bytes, at)
    })
  }

  /** All is written: the file takes its place. */
  commit(): void {
    this.#attempt(() => {
      this.#close()
      if (!this.#target.special) renameSync(this.#written, this.#target.absolute)
    })
  }

  /** Takes back what was written; nothing after `commit`. */
  abort(): void {
    if (this.#descriptor === undefined) return
    this.#close()
    if (!this.#target.special) rmSync(this.#written, { force: true })
  }

  #close(): void {
    const descriptor = this.#descriptor
    this.#descriptor = undefined
    if (descriptor !== undefined) closeSync(descriptor)
  }

  #attempt<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      this.abort()
      throw writeRefusal(this.#flag, this.#target.name, error)
    }
  }
}
