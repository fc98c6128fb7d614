// The bounds of what is kept for one child, and how long its end may take.

export interface ChildLimits {
  /** Output that is not acknowledged; past it the child is not read on. */
  readonly outputBytes: number
  /** Input that waits for the child to read; past it the daemon is told to wait. */
  readonly queuedInputBytes: number
  readonly openTags: number
  /** Between the end of output and saying so, in which most often the exit comes. */
  readonly closingMs: number
  /** For processes that a child left behind when it exited, between TERM and KILL. */
  readonly leftoverGraceMs: number
  /** After the exit: no output for so long, and nobody is waited for. */
  readonly lingerQuietMs: number
  /** After the exit: the same when output never stops coming. */
  readonly lingerMs: number
}

export const childLimits: ChildLimits = {
  outputBytes: 8 * 1024 * 1024,
  queuedInputBytes: 1024 * 1024,
  openTags: 16_384,
  closingMs: 1000,
  leftoverGraceMs: 1000,
  lingerQuietMs: 500,
  lingerMs: 10_000,
}
