// One open database and the transactions on it. Each transaction begins with a look at the fence row: when a newer epoch
// stands there, nothing is written. Knows nothing of queues; an error leaves the file as it was before the transaction.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Commit, StoredEvent } from './api.ts'
import { type JournalLimits, Journal } from './journal.ts'
import { type Fence, fencedError, rollback } from './open-database.ts'
import type { PreparedOp } from './prepare-commit.ts'
import { Records } from './records.ts'

/** Counters that only grow: revision, event cursor, bytes of events ever written. The fence row holds them. */
interface Numbers {
  rev: number
  cursor: number
  position: number
}

export interface EngineOptions {
  readonly file: string
  readonly fence: Fence
  readonly clock: { wallMs(): number }
  readonly journal: JournalLimits
}

export interface Transacted {
  readonly results: readonly Commit[]
  readonly appended: readonly StoredEvent[]
}

/** The journal is trimmed once in so many events. */
const trimEvery = 100

export class Engine {
  readonly records: Records
  readonly journal: Journal
  readonly #db: DatabaseSync
  readonly #options: EngineOptions
  readonly #statements: { begin: StatementSync; commit: StatementSync; fence: StatementSync; numbers: StatementSync }
  #numbers: Numbers

  constructor(db: DatabaseSync, options: EngineOptions) {
    this.#db = db
    this.#options = options
    this.records = new Records(db)
    this.journal = new Journal(db, options.journal)
    this.#statements = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      fence: db.prepare('SELECT epoch, instance, rev, cursor, position FROM fence'),
      numbers: db.prepare('UPDATE fence SET rev = ?, cursor = ?, position = ?'),
    }
    this.#numbers = this.#readNumbers()
  }

  /** The cursor of the newest event. */
  get cursor(): number {
    return this.#numbers.cursor
  }

  /** Makes the commits durable, with one fsync for all; a refused expectation refuses its own commit only. */
  transact(batch: readonly (readonly PreparedOp[])[]): Transacted {
    const numbers = { ...this.#numbers }
    const appended: StoredEvent[] = []
    this.#statements.begin.run()
    try {
      this.#checkFence()
      const results = batch.map((ops) => this.#apply(ops, numbers, appended))
      if (appended.length > 0 || numbers.rev !== this.#numbers.rev) {
        this.#statements.numbers.run(numbers.rev, numbers.cursor, numbers.position)
      }
      if (Math.floor(this.#numbers.cursor / trimEvery) !== Math.floor(numbers.cursor / trimEvery)) {
        this.journal.trim(numbers.cursor, numbers.position)
      }
      this.#statements.commit.run()
      this.#numbers = numbers
      return { results, appended }
    } catch (error) {
      rollback(this.#db)
      throw error
    }
  }

  close(): void {
    this.#db.close()
  }

  /** Checks every expectation before the first write: a refused commit has changed nothing. */
  #apply(ops: readonly PreparedOp[], numbers: Numbers, appended: StoredEvent[]): Commit {
    for (const [index, op] of ops.entries()) {
      if (op.op === 'event' || op.expect === null) continue
      const current = this.records.get(op.bucket, op.key)
      if ((current?.rev ?? 0) !== op.expect) return { ok: false, index, current }
    }
    const revs = ops.map((op) => this.#write(op, numbers, appended))
    return { ok: true, revs, cursor: numbers.cursor }
  }

  #write(op: PreparedOp, numbers: Numbers, appended: StoredEvent[]): number {
    if (op.op === 'delete') {
      this.records.delete(op.bucket, op.key)
      return 0
    }
    if (op.op === 'put') {
      numbers.rev++
      this.records.put(op.bucket, op.key, numbers.rev, op.text)
      return numbers.rev
    }
    numbers.cursor++
    numbers.position += op.text.length + op.type.length + op.subject.length
    const event: StoredEvent = {
      cursor: numbers.cursor,
      at: new Date(this.#options.clock.wallMs()).toISOString(),
      epoch: this.#options.fence.epoch,
      type: op.type,
      subject: op.subject,
      data: op.data,
    }
    this.journal.append(event, op.text, numbers.position)
    appended.push(event)
    return numbers.cursor
  }

  #checkFence(): void {
    const row = this.#statements.fence.get()
    const { epoch, instance } = this.#options.fence
    if (row !== undefined && Number(row['epoch']) === epoch && row['instance'] === instance) return
    const theirs = { epoch: Number(row?.['epoch'] ?? 0), instance: String(row?.['instance'] ?? 'unknown') }
    throw fencedError(this.#options.file, this.#options.fence, theirs)
  }

  #readNumbers(): Numbers {
    const row = this.#statements.fence.get()
    return {
      rev: Number(row?.['rev'] ?? 0),
      cursor: Number(row?.['cursor'] ?? 0),
      position: Number(row?.['position'] ?? 0),
    }
  }
}
