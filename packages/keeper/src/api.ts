// What the daemon may ask of the keeper. The keeper holds children and knows nothing of what they are.
// Invariants: each byte of output is delivered in order until it is acknowledged; each input frame reaches the child whole
// and at most once; only the connection with the highest epoch may command.

/** How the keeper starts a child. The environment is whole: nothing is inherited. */
export interface ChildSpec {
  /** Stable and unique for ever; spawning an id that exists returns what is held. */
  readonly id: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** For the files that the child makes. Default 022; the keeper's own is 077. */
  readonly umask?: number | undefined
  /** `pipe`: stdin and stdout are lines of bytes; `pty`: raw bytes. */
  readonly io: 'pipe' | { readonly pty: { readonly columns: number; readonly rows: number } }
  /** Where stderr goes (rotated by the keeper). */
  readonly logFile: string
  /** How much output is kept unacknowledged before the child is not read on; at most 128 MiB, and 8 MiB when left out. It has to hold the longest piece that the daemon acknowledges as one. */
  readonly outputBytes?: number | undefined
  /** Opaque to the keeper; comes back in `list` so that a new daemon knows what the child is. */
  readonly label: Readonly<Record<string, string>>
}

export interface ChildExit {
  readonly code: number | null
  readonly signal: string | null
  readonly at: string
  /** Processes of the child's that outlived it and could not be ended. */
  readonly survivors: readonly { readonly pid: number; readonly command: string }[]
}

export interface HeldChild {
  readonly id: string
  readonly label: Readonly<Record<string, string>>
  readonly pid: number
  /** Start ticks, so that a pid is never taken for another process. */
  readonly startTicks: number
  readonly startedAt: string
  /** Offset of the first byte not yet acknowledged, and of the end of what the child wrote. */
  readonly ackedOffset: number
  readonly endOffset: number
  /** The number of the last input frame taken, 0 before the first. */
  readonly lastFrame: number
  /** Tags of input frames that were taken and are not settled yet. */
  readonly openTags: readonly string[]
  readonly exit: ChildExit | null
}

/** `taken`: it is written, or will be, whole. `already`: a frame of that number or an open tag was taken before. `gone`: stdin is closed. */
export type InputResult = 'taken' | 'already' | 'gone'

export interface OutputSink {
  /** Output from `offset` on; gapless and in order. */
  data(offset: number, bytes: Buffer): void
  /** After the last byte. `exit` is null when only stdout was closed and the child runs on; then it is called again with the exit. */
  end(exit: ChildExit | null): void
}

/**
 * One connection of a daemon to its keeper. Every call rejects with code `keeper-gone` when the connection is lost, and with
 * `fenced` once a newer daemon commands. What is not answered (settle, ack, resize, closeInput) then does nothing.
 */
export interface KeeperClient {
  readonly pid: number
  readonly instance: string
  readonly version: string
  spawn(spec: ChildSpec): Promise<HeldChild>
  list(): Promise<HeldChild[]>
  /**
   * Sends one input frame (for pipes the newline is part of `bytes`). `tag` names it until `settle`. Resolves late while the
   * child does not read: that is the backpressure. `bytes` must not change before it resolves. At most 64 MiB.
   */
  input(child: string, tag: string | null, bytes: Uint8Array): Promise<InputResult>
  /** The frames with these tags are done with: forget their names. */
  settle(child: string, tags: readonly string[]): void
  /** Attaches to the output from `fromOffset` (at least ackedOffset). One sink a child; a second replaces the first. */
  attach(child: string, fromOffset: number, sink: OutputSink): Promise<void>
  /** Everything before `offset` may be freed. */
  ack(child: string, offset: number): void
  resize(child: string, columns: number, rows: number): void
  /** Closes stdin, behind the input that was given before. */
  closeInput(child: string): void
  /**
   * Close stdin, TERM the group, grace, KILL, then escapees; resolves with the exit once it is over, whether its output was read
   * to the end or not. A child that cannot be ended is itself among the survivors, and goes on being held.
   */
  terminate(child: string, graceMs: number): Promise<ChildExit>
  /** Forgets a child that has exited, with what was not read of its output. */
  forget(child: string): Promise<void>
  /** Ends every child, then the keeper itself. */
  shutdown(graceMs: number): Promise<{ survivors: readonly { pid: number; command: string }[] }>
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>
  close(): void
}
