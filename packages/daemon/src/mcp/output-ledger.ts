// Which part of a child's output is done with. Lines are done in any order; the keeper may free only what lies before the
// first one that is not.

export class OutputLedger {
  #ends: number[] = []
  #head = 0
  readonly #done = new Set<number>()

  /** Lines that are not done, and those behind them. */
  get openLines(): number {
    return this.#ends.length - this.#head
  }

  /** A line that ends at `end` has been read. Ends only grow. */
  open(end: number): void {
    this.#ends.push(end)
  }

  /** The line is done with. Returns the offset up to which all is, when that has grown. */
  done(end: number): number | null {
    this.#done.add(end)
    let freed: number | null = null
    for (;;) {
      const first = this.#ends[this.#head]
      if (first === undefined || !this.#done.delete(first)) break
      freed = first
      this.#head++
    }
    if (this.#head > 1024 && this.#head * 2 > this.#ends.length) {
      this.#ends = this.#ends.slice(this.#head)
      this.#head = 0
    }
    return freed
  }
}
