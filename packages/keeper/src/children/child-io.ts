// What a child on pipes and a child on a terminal have in common for the one who holds it.

export interface ChildIo {
  readonly pid: number
  /** Bytes given to `write` that the child has not been given room for yet. */
  readonly queuedBytes: number
  readonly isInputOpen: boolean
  /** Resolves when nothing can come on stderr any more; a terminal has none. */
  readonly errorsEnded: Promise<void>
  /** Writes all of `bytes`, now as far as there is room. */
  write(bytes: Buffer): void
  closeInput(): void
  /** Stops and restarts reading the child's output. */
  pauseOutput(): void
  resumeOutput(): void
  /** Lets go of an output that somebody else keeps open. */
  abandonOutput(): void
  /** Null when it has no terminal. */
  readonly resize: ((columns: number, rows: number) => void) | null
}

export interface ChildIoEvents {
  readonly output: (bytes: Buffer) => void
  readonly outputClosed: () => void
  readonly exited: (code: number | null, signal: string | null) => void
  /** All that was queued is written, or can no longer be. */
  readonly inputDrained: () => void
}
