// Where the stderr of a child goes: a file of raw bytes with a bound. Past `limitBytes` it becomes FILE.1 and a new one begins.
// Writes go through in order, one at a time, off the data path: a slow disk slows the child that writes and nobody else, and a
// disk that fails costs log lines, never the child or the keeper.
import { close, fstatSync, mkdirSync, open, renameSync, write } from 'node:fs'
import { dirname } from 'node:path'

export interface ChildLogOptions {
  readonly limitBytes?: number
  /** So much may wait for the disk before the writer is asked to pause. */
  readonly queueBytes?: number
}

type Done = (error: Error | null) => void

export class ChildLog {
  readonly #path: string
  readonly #limitBytes: number
  readonly #queueBytes: number
  #descriptor: number | null = null
  #size = 0
  /** Not /dev/null, not a pipe. */
  #mayRotate = false
  #queue: Buffer[] = []
  #queuedBytes = 0
  #isBusy = false
  #isClosing = false
  #lostBytes = 0
  #roomListeners: (() => void)[] = []
  readonly #closed = Promise.withResolvers<void>()

  constructor(path: string, { limitBytes = 4 * 1024 * 1024, queueBytes = 1024 * 1024 }: ChildLogOptions = {}) {
    this.#path = path
    this.#limitBytes = limitBytes
    this.#queueBytes = queueBytes
  }

  /** Bytes that could not be written since the last write that worked. */
  get lostBytes(): number {
    return this.#lostBytes
  }

  /** False: wait for `onRoom` before writing more. */
  write(bytes: Buffer): boolean {
    if (this.#isClosing) return true
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.length
    this.#next()
    return this.#queuedBytes < this.#queueBytes
  }

  /** Calls once when less than the bound waits for the disk. */
  onRoom(listener: () => void): void {
    this.#roomListeners.push(listener)
  }

  /** What was queued is still written; resolves once it is. */
  close(): Promise<void> {
    this.#isClosing = true
    this.#next()
    return this.#closed.promise
  }

  #next(): void {
    if (this.#isBusy) return
    if (this.#queue.length === 0) {
      if (!this.#isClosing) return
      this.#release()
      this.#closed.resolve()
      return
    }
    this.#isBusy = true
    const bytes = this.#queue.length === 1 && this.#queue[0] !== undefined ? this.#queue[0] : Buffer.concat(this.#queue)
    this.#queue = []
    this.#append(bytes, (error) => this.#wrote(bytes, error))
  }

  #wrote(bytes: Buffer, error: Error | null): void {
    this.#isBusy = false
    this.#queuedBytes -= bytes.length
    if (error === null) {
      this.#lostBytes = 0
      this.#size += bytes.length
      if (this.#size >= this.#limitBytes && this.#mayRotate) this.#rotate()
    } else {
      this.#lostBytes += bytes.length
      this.#release()
    }
    if (this.#queuedBytes < this.#queueBytes) {
      const listeners = this.#roomListeners
      this.#roomListeners = []
      for (const listener of listeners) listener()
    }
    this.#next()
  }

  #append(bytes: Buffer, done: Done): void {
    if (this.#descriptor !== null) {
      this.#writeAll(this.#descriptor, bytes, done)
      return
    }
    this.#open((error, descriptor) => {
      if (error !== null) {
        done(error)
        return
      }
      this.#descriptor = descriptor
      const found = fstatSync(descriptor)
      this.#size = found.size
      this.#mayRotate = found.isFile()
      this.#writeAll(descriptor, bytes, done)
    })
  }

  #open(done: (error: Error | null, descriptor: number) => void): void {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
    } catch (error) {
      // Said by `open` as well, which has the last word.
      if (!(error instanceof Error)) throw error
    }
    open(this.#path, 'a', 0o600, done)
  }

  /** A disk that is nearly full takes only a part: go on with the rest until it says why. */
  #writeAll(descriptor: number, bytes: Buffer, done: Done): void {
    write(descriptor, bytes, (error, written) => {
      if (error === null && written < bytes.length) this.#writeAll(descriptor, bytes.subarray(written), done)
      else done(error)
    })
  }

  #rotate(): void {
    this.#release()
    this.#size = 0
    try {
      renameSync(this.#path, `${this.#path}.1`)
    } catch (error) {
      // The file was taken away, or the disk is read-only: the next open decides.
      if (!(error instanceof Error)) throw error
    }
  }

  #release(): void {
    if (this.#descriptor === null) return
    // A failed close loses nothing that could still be saved.
    close(this.#descriptor, () => undefined)
    this.#descriptor = null
  }
}
