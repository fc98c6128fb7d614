// An answer while it is written: pieces may come twice (after a reconnection) or late; each unit of text is shown once, in order.

export class AnswerStream {
  #shown = 0

  /** What is new in a piece of the answer that begins at `offset`; nothing when a piece before it is missing. */
  take(offset: number, text: string): string {
    if (offset > this.#shown) return ''
    const fresh = text.slice(this.#shown - offset)
    this.#shown += fresh.length
    return fresh
  }

  /** What of the whole answer was not shown yet. */
  rest(reply: string): string {
    return this.take(0, reply)
  }
}
