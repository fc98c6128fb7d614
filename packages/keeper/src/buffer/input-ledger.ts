// Which input frames a child was given: a number for each, and the tags that are still open. It makes input at most once:
// a tag that is open was taken, whoever asks, for as long as the daemon has not settled it.

export type Admission = { readonly kind: 'taken'; readonly frame: number } | { readonly kind: 'already' | 'full' }

export class InputLedger {
  readonly #maxOpenTags: number
  readonly #open = new Set<string>()
  #lastFrame = 0

  constructor(maxOpenTags: number) {
    this.#maxOpenTags = maxOpenTags
  }

  get lastFrame(): number {
    return this.#lastFrame
  }

  get openTags(): readonly string[] {
    return [...this.#open]
  }

  /** Decides about a frame that arrived whole. `full` means that the daemon has not settled its tags for far too long. */
  admit(tag: string | null): Admission {
    if (tag !== null) {
      if (this.#open.has(tag)) return { kind: 'already' }
      if (this.#open.size >= this.#maxOpenTags) return { kind: 'full' }
      this.#open.add(tag)
    }
    this.#lastFrame += 1
    return { kind: 'taken', frame: this.#lastFrame }
  }

  settle(tags: readonly string[]): void {
    for (const tag of tags) this.#open.delete(tag)
  }
}
