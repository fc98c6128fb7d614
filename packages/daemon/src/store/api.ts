// What the daemon asks of its store: records with compare-and-swap, and an append-only journal of events. SQLite stands
// behind it now, a distributed engine may later. Values are JSON; whoever reads one parses it by its own schema.
// Invariants: a commit is all or nothing and durable when it resolves; a commit of an older epoch is refused.

export interface Rec {
  readonly key: string
  /** Grows with every write of the bucket's key; never reused, also not after a delete. */
  readonly rev: number
  readonly value: unknown
}

export interface StoredEvent {
  /** Grows by one with each event, never reused. */
  readonly cursor: number
  readonly at: string
  readonly epoch: number
  readonly type: string
  readonly subject: string
  readonly data: Record<string, unknown>
}

export type Op =
  | {
      readonly op: 'put'
      readonly bucket: string
      readonly key: string
      readonly value: unknown
      /** The revision that must be current; 0: the key must not exist; absent: any. */
      readonly expect?: number
    }
  | { readonly op: 'delete'; readonly bucket: string; readonly key: string; readonly expect?: number }
  | { readonly op: 'event'; readonly type: string; readonly subject: string; readonly data: Record<string, unknown> }

/** `revs` has one number for each op: the new revision of a put, the cursor of an event, 0 of a delete. */
export type Commit =
  | { readonly ok: true; readonly revs: readonly number[]; readonly cursor: number }
  | { readonly ok: false; readonly index: number; readonly current: Rec | null }

export interface ListOptions {
  readonly prefix?: string
  /** Keys after this one (before it, with `reverse`). */
  readonly after?: string
  readonly limit?: number
  readonly reverse?: boolean
}

export interface EventPage {
  readonly events: readonly StoredEvent[]
  /** Go on reading from here. */
  readonly cursor: number
  /** Events after `since` have been dropped already: the journal is bounded. */
  readonly gap: boolean
}

export interface EventJournal {
  read(since: number, limit: number): Promise<EventPage>
  /** The cursor of the newest event, 0 before the first. */
  last(): number
  /** Called after the event is durable, in order. */
  onAppend(listener: (event: StoredEvent) => void): () => void
}

export interface Store {
  /** Rejects with a DaemonError: `fenced`, `store-full` (nothing was written, may be tried again), `store-failed`, `store-closed`. */
  commit(ops: readonly Op[]): Promise<Commit>
  get(bucket: string, key: string): Promise<Rec | null>
  /** Ordered by key. */
  list(bucket: string, options?: ListOptions): Promise<Rec[]>
  readonly events: EventJournal
  close(): Promise<void>
}
