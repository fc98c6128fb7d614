// The store over SQLite. Commits that are handed in while one is being made durable go together into the next transaction and
// share its fsync. After a failure of the disk the database is opened anew for the next call, so that relief is noticed.
import { DaemonError } from '../errors.ts'
import type { Commit, EventJournal, ListOptions, Op, Rec, Store, StoredEvent } from './api.ts'
import { Engine, type EngineOptions, type Transacted } from './engine.ts'
import { type JournalLimits, defaultJournalLimits } from './journal.ts'
import { type Fence, markSuspect, openDatabase } from './open-database.ts'
import { type PreparedOp, prepareOps } from './prepare-commit.ts'
import { failureOf, storeError } from './sqlite-error.ts'

export interface SqliteStoreOptions {
  readonly file: string
  readonly fence: Fence
  readonly clock: { wallMs(): number }
  readonly journal?: JournalLimits
  /** The store is ours no more (`fenced`), or the file is no longer sound: the daemon must leave. Called once. */
  onUnusable?(error: DaemonError): void
}

/** Where a corrupt database went. */
export interface PutAside {
  readonly to: string
  readonly reason: string
}

interface PendingCommit {
  readonly ops: readonly PreparedOp[]
  readonly bytes: number
  resolve(commit: Commit): void
  reject(error: unknown): void
}

/** One transaction takes at most this much, so that the process never stops answering for long. */
const batchCommits = 512
const batchBytes = 8 * 1024 * 1024

/** Opens, or makes, the database. Throws a DaemonError: `fenced`, `store-too-new`, `store-full`, `store-failed`. */
export function openSqliteStore(options: SqliteStoreOptions): { store: Store; putAside: PutAside | null } {
  const engineOptions = { ...options, journal: options.journal ?? defaultJournalLimits }
  try {
    const stamp = new Date(options.clock.wallMs()).toISOString()
    const { db, putAside } = openDatabase(options.file, options.fence, stamp)
    return { store: new SqliteStore(new Engine(db, engineOptions), engineOptions), putAside }
  } catch (error) {
    throw storeError(error, options.file)
  }
}

class SqliteStore implements Store {
  readonly events: EventJournal
  readonly #options: SqliteStoreOptions & EngineOptions
  readonly #listeners = new Set<(event: StoredEvent) => void>()
  #engine: Engine | null
  #cursor: number
  #pending: PendingCommit[] = []
  #flush: NodeJS.Immediate | null = null
  /** Why the store is out of use for good. */
  #ended: DaemonError | null = null

  constructor(engine: Engine, options: SqliteStoreOptions & EngineOptions) {
    this.#engine = engine
    this.#cursor = engine.cursor
    this.#options = options
    this.events = {
      read: async (since, limit) => this.#use((engine) => engine.journal.read(since, limit, engine.cursor)),
      last: () => this.#cursor,
      onAppend: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
    }
  }

  async commit(ops: readonly Op[]): Promise<Commit> {
    if (this.#ended !== null) throw this.#ended
    const prepared = prepareOps(ops)
    return new Promise((resolve, reject) => {
      this.#pending.push({ ...prepared, resolve, reject })
      this.#flush ??= setImmediate(() => this.#flushBatch())
    })
  }

  async get(bucket: string, key: string): Promise<Rec | null> {
    return this.#use((engine) => engine.records.get(bucket, key))
  }

  async list(bucket: string, options: ListOptions = {}): Promise<Rec[]> {
    return this.#use((engine) => engine.records.list(bucket, options))
  }

  async close(): Promise<void> {
    while (this.#pending.length > 0) this.#flushBatch()
    this.#ended ??= new DaemonError('store-closed', 'the store is closed')
    this.#closeEngine()
  }

  #flushBatch(): void {
    if (this.#flush !== null) clearImmediate(this.#flush)
    const batch = this.#takeBatch()
    this.#flush = this.#pending.length > 0 ? setImmediate(() => this.#flushBatch()) : null
    if (batch.length > 0) this.#commitBatch(batch)
  }

  #takeBatch(): PendingCommit[] {
    let count = 0
    for (let bytes = 0; count < this.#pending.length && count < batchCommits; count++) {
      bytes += this.#pending[count]?.bytes ?? 0
      if (bytes > batchBytes && count > 0) break
    }
    return this.#pending.splice(0, count)
  }

  #commitBatch(batch: readonly PendingCommit[]): void {
    let done: Transacted
    try {
      done = this.#use((engine) => engine.transact(batch.map((pending) => pending.ops)))
    } catch (error) {
      const isFull = error instanceof DaemonError && error.code === 'store-full'
      // One large commit must not take the small ones that still fit with it.
      if (isFull && batch.length > 1) for (const pending of batch) this.#commitBatch([pending])
      else for (const pending of batch) pending.reject(error)
      return
    }
    this.#cursor = done.appended.at(-1)?.cursor ?? this.#cursor
    for (const event of done.appended) for (const listener of this.#listeners) listener(event)
    for (const [index, result] of done.results.entries()) batch[index]?.resolve(result)
  }

  /** Runs one piece of work on the database; what goes wrong comes out as a DaemonError. */
  #use<T>(work: (engine: Engine) => T): T {
    if (this.#ended !== null) throw this.#ended
    try {
      this.#engine ??= this.#openAnew()
      return work(this.#engine)
    } catch (error) {
      throw this.#judge(error)
    }
  }

  #openAnew(): Engine {
    const { db, putAside } = openDatabase(this.#options.file, this.#options.fence, null)
    if (putAside !== null) throw new Error('a database in use must not be put aside')
    return new Engine(db, this.#options)
  }

  /** Decides what an error means for the calls after this one: go on, open anew, or give the store up. */
  #judge(error: unknown): DaemonError {
    const known = storeError(error, this.#options.file)
    const failure = failureOf(error)
    if (failure === 'failed') this.#closeEngine()
    if (known.code !== 'fenced' && failure !== 'corrupt') return known
    this.#ended = known
    this.#closeEngine()
    if (failure === 'corrupt') markSuspect(this.#options.file, known.message)
    this.#options.onUnusable?.(known)
    return known
  }

  #closeEngine(): void {
    const engine = this.#engine
    this.#engine = null
    engine?.close()
  }
}
