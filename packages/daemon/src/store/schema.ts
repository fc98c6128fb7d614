// The tables of the store and the steps from each version to the next. A step, once released, is never changed.
import type { DatabaseSync } from 'node:sqlite'

const steps: readonly string[] = [
  `CREATE TABLE fence (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     epoch INTEGER NOT NULL, instance TEXT NOT NULL,
     rev INTEGER NOT NULL, cursor INTEGER NOT NULL, position INTEGER NOT NULL
   ) STRICT;
   INSERT INTO fence VALUES (1, 0, '', 0, 0, 0);
   CREATE TABLE records (
     bucket TEXT NOT NULL, key TEXT NOT NULL, rev INTEGER NOT NULL, value TEXT NOT NULL,
     PRIMARY KEY (bucket, key)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE events (
     cursor INTEGER PRIMARY KEY, position INTEGER NOT NULL,
     at TEXT NOT NULL, epoch INTEGER NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL, data TEXT NOT NULL
   ) STRICT;`,
]

export const schemaVersion = steps.length

/** The version that the file has: 0 is a fresh one. */
export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
}

/** Runs the steps that are missing, inside the transaction that is open. */
export function migrate(db: DatabaseSync, from: number): void {
  for (const step of steps.slice(from)) db.exec(step)
  if (from < schemaVersion) db.exec(`PRAGMA user_version = ${schemaVersion}`)
}
