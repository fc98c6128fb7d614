// The records inside the store: one row for each (bucket, key), with the revision that compare-and-swap asks for.
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { ListOptions, Rec } from './api.ts'

/** Sorts after every key that has the prefix before it. */
const end = '\u{10ffff}'

export class Records {
  readonly #get: StatementSync
  readonly #put: StatementSync
  readonly #delete: StatementSync
  readonly #forward: StatementSync
  readonly #backward: StatementSync

  constructor(db: DatabaseSync) {
    this.#get = db.prepare('SELECT key, rev, value FROM records WHERE bucket = ? AND key = ?')
    this.#put = db.prepare(
      'INSERT INTO records VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET rev = excluded.rev, value = excluded.value',
    )
    this.#delete = db.prepare('DELETE FROM records WHERE bucket = ? AND key = ?')
    const range = 'SELECT key, rev, value FROM records WHERE bucket = ? AND key >= ? AND key < ?'
    this.#forward = db.prepare(`${range} AND key > ? ORDER BY key LIMIT ?`)
    this.#backward = db.prepare(`${range} AND key < ? ORDER BY key DESC LIMIT ?`)
  }

  get(bucket: string, key: string): Rec | null {
    const row = this.#get.get(bucket, key)
    return row === undefined ? null : recordOf(row)
  }

  list(bucket: string, { prefix = '', after, limit, reverse = false }: ListOptions): Rec[] {
    const count = limit ?? -1
    const rows = reverse
      ? this.#backward.all(bucket, prefix, prefix + end, after ?? prefix + end, count)
      : // The first bound of a scan without `after` must let the key '' through.
        this.#forward.all(bucket, maxOf(prefix, after), prefix + end, after ?? '', count)
    return rows.map(recordOf)
  }

  put(bucket: string, key: string, rev: number, value: string): void {
    this.#put.run(bucket, key, rev, value)
  }

  delete(bucket: string, key: string): void {
    this.#delete.run(bucket, key)
  }
}

function maxOf(prefix: string, after: string | undefined): string {
  return after !== undefined && after.startsWith(prefix) ? after : prefix
}

function recordOf(row: Record<string, SQLOutputValue>): Rec {
  const value: unknown = JSON.parse(String(row['value']))
  return { key: String(row['key']), rev: Number(row['rev']), value }
}
