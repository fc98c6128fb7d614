// Paces the input of one child: so many bytes may be sent without an answer, the rest waits here in order. The keeper answers
// late when the child does not read; so a child that is slow slows its own input only.

interface Waiting {
  readonly bytes: number
  readonly send: () => void
}

export class InputWindow {
  readonly #limitBytes: number
  #unansweredBytes = 0
  #unanswered = 0
  #waiting: Waiting[] = []

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get isIdle(): boolean {
    return this.#unanswered === 0 && this.#waiting.length === 0
  }

  /** Sends now, or when earlier frames were answered. One frame may always be under way, however large. */
  enter(bytes: number, send: () => void): void {
    if (this.#waiting.length > 0 || this.#isFull) this.#waiting.push({ bytes, send })
    else this.#send({ bytes, send })
  }

  answered(bytes: number): void {
    this.#unanswered -= 1
    this.#unansweredBytes -= bytes
    while (!this.#isFull) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#send(next)
    }
  }

  /** The connection is gone: everything that waits is let go, to learn that. */
  release(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { send } of waiting) send()
  }

  get #isFull(): boolean {
    return this.#unansweredBytes >= this.#limitBytes
  }

  #send({ bytes, send }: Waiting): void {
    this.#unanswered += 1
    this.#unansweredBytes += bytes
    send()
  }
}
