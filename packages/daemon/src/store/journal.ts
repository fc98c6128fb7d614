// The event journal inside the store: append, read from a cursor, keep it bounded. Each row carries the running total of bytes,
// so that the size of what is kept is one subtraction.
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { EventPage, StoredEvent } from './api.ts'

export interface JournalLimits {
  readonly events: number
  readonly bytes: number
}

export const defaultJournalLimits: JournalLimits = { events: 50_000, bytes: 32 * 1024 * 1024 }

/** How many events go at once when the journal is over its limit. */
const trimStep = 500

export class Journal {
  readonly #limits: JournalLimits
  readonly #insert: StatementSync
  readonly #after: StatementSync
  readonly #oldest: StatementSync
  readonly #trim: StatementSync

  constructor(db: DatabaseSync, limits: JournalLimits) {
    this.#limits = limits
    this.#insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)')
    this.#after = db.prepare('SELECT * FROM events WHERE cursor > ? ORDER BY cursor LIMIT ?')
    this.#oldest = db.prepare('SELECT cursor, position FROM events ORDER BY cursor LIMIT 1')
    this.#trim = db.prepare('DELETE FROM events WHERE cursor < ?')
  }

  /** `position` is the running total after this event. */
  append(event: StoredEvent, data: string, position: number): void {
    this.#insert.run(event.cursor, position, event.at, event.epoch, event.type, event.subject, data)
  }

  /** `last` is the cursor of the newest event. */
  read(since: number, limit: number, last: number): EventPage {
    const oldest = Number(this.#oldest.get()?.['cursor'] ?? last + 1)
    // A cursor from the future is one of a journal that is no more: begin again, and say so.
    const isForeign = since > last
    const from = isForeign ? 0 : since
    const events = this.#after.all(from, limit).map(eventOf)
    return { events, cursor: events.at(-1)?.cursor ?? last, gap: isForeign || from + 1 < oldest }
  }

  /** Drops the oldest events while there are too many, in steps. */
  trim(last: number, position: number): void {
    for (;;) {
      const oldest = this.#oldest.get()
      if (oldest === undefined) return
      const cursor = Number(oldest['cursor'])
      const isOver =
        last - cursor >= this.#limits.events + trimStep || position - Number(oldest['position']) > this.#limits.bytes
      if (!isOver) return
      this.#trim.run(Math.min(cursor + trimStep, last))
      if (cursor + trimStep >= last) return
    }
  }
}

function eventOf(row: Record<string, SQLOutputValue>): StoredEvent {
  const data: unknown = JSON.parse(String(row['data']))
  return {
    cursor: Number(row['cursor']),
    at: String(row['at']),
    epoch: Number(row['epoch']),
    type: String(row['type']),
    subject: String(row['subject']),
    data: isRecord(data) ? data : {},
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
