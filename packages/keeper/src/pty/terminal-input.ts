// Writes to the controlling side of a terminal without ever waiting for its child: the stream of the runtime would block the
// whole keeper while a child does not read. What does not fit is tried again, ever more seldom while nothing moves.
import { writeSync } from 'node:fs'
import { errnoOf, type Clock, type Timer } from '@holdfast/lifecycle'

const firstWaitMs = 1
const longestWaitMs = 250

export interface TerminalInputOptions {
  readonly clock: Clock
  /** Non-blocking. Asked for before each write, null once it is closed: its number may then be another file's. */
  descriptor(): number | null
  drained(): void
}

export class TerminalInput {
  readonly #options: TerminalInputOptions
  #queue: Buffer[] = []
  #queuedBytes = 0
  #timer: Timer | null = null
  #waitMs = firstWaitMs

  constructor(options: TerminalInputOptions) {
    this.#options = options
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  write(bytes: Buffer): void {
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.length
    if (this.#timer === null) this.#flush()
  }

  /** Nobody will read any more. */
  close(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#queue = []
    this.#queuedBytes = 0
    this.#options.drained()
  }

  #flush(): void {
    this.#timer = null
    for (;;) {
      const bytes = this.#queue[0]
      if (bytes === undefined) return this.#options.drained()
      const written = this.#writeSome(bytes)
      if (written === 'closed') return this.close()
      if (written === 0) return this.#waitForRoom()
      this.#waitMs = firstWaitMs
      this.#queuedBytes -= written
      if (written === bytes.length) this.#queue.shift()
      else this.#queue[0] = bytes.subarray(written)
    }
  }

  #writeSome(bytes: Buffer): number | 'closed' {
    const descriptor = this.#options.descriptor()
    if (descriptor === null) return 'closed'
    try {
      return writeSync(descriptor, bytes)
    } catch (error) {
      // EAGAIN: the terminal holds as much as it can. Anything else (EIO): its other side is gone.
      return errnoOf(error) === 'EAGAIN' ? 0 : 'closed'
    }
  }

  #waitForRoom(): void {
    this.#timer = this.#options.clock.setTimer(this.#waitMs, () => this.#flush())
    this.#waitMs = Math.min(longestWaitMs, this.#waitMs * 2)
  }
}
