// Opens the database file as the daemon of one epoch: migrations and the fence row go into one transaction, so that from
// then on no older daemon can commit. A file that is not a sound database is put aside, never deleted and never silently.
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { errnoOf } from '@holdfast/lifecycle'
import { DaemonError } from '../errors.ts'
import { migrate, schemaVersion, versionOf } from './schema.ts'
import { failureOf } from './sqlite-error.ts'

export interface Fence {
  readonly epoch: number
  readonly instance: string
}

export interface Opened {
  readonly db: DatabaseSync
  /** Where a corrupt file went, if there was one. */
  readonly putAside: { readonly to: string; readonly reason: string } | null
}

const openBusyMs = 5000
const commitBusyMs = 1000

/** Leaves a mark that makes the next opening check the whole file. */
export function markSuspect(file: string, reason: string): void {
  try {
    writeFileSync(`${file}.suspect`, `${reason}\n`)
  } catch (error) {
    // A disk that takes no mark: the next opening meets the same corruption, only later.
    if (errnoOf(error) === undefined) throw error
  }
}

/**
 * Opens the file for this fence. Throws `fenced` when a newer epoch has it, `store-too-new`, `store-full` or `store-failed`.
 * `stamp` is the time that goes into the name of a corrupt file; without one it stays where it is and the error is thrown.
 */
export function openDatabase(file: string, fence: Fence, stamp: string | null): Opened {
  try {
    return { db: openSound(file, fence), putAside: null }
  } catch (error) {
    if (failureOf(error) !== 'corrupt' || stamp === null) throw error
    const reason = error instanceof Error ? error.message : String(error)
    const to = putAside(file, stamp)
    return { db: openSound(file, fence), putAside: { to, reason } }
  }
}

function openSound(file: string, fence: Fence): DatabaseSync {
  const isSuspect = existsSync(`${file}.suspect`)
  const db = new DatabaseSync(file)
  try {
    db.exec(`PRAGMA busy_timeout = ${openBusyMs}`)
    if (isSuspect) check(db)
    db.exec('PRAGMA journal_mode = WAL')
    db.exec('PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216')
    takeFence(db, fence, file)
    db.exec(`PRAGMA busy_timeout = ${commitBusyMs}`)
    if (isSuspect) rmSync(`${file}.suspect`, { force: true })
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** SQLite's own check of the whole file; slow, so only done on suspicion. */
function check(db: DatabaseSync): void {
  const verdict = db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check']
  if (verdict === 'ok') return
  throw Object.assign(new Error(`integrity check: ${String(verdict)}`), { errcode: 11 })
}

function takeFence(db: DatabaseSync, fence: Fence, file: string): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    const version = versionOf(db)
    if (version > schemaVersion) {
      throw new DaemonError(
        'store-too-new',
        `${file} has schema version ${version}, this holdfast knows ${schemaVersion}`,
      )
    }
    migrate(db, version)
    const row = db.prepare('SELECT epoch, instance FROM fence').get()
    const current = Number(row?.['epoch'] ?? 0)
    const isNewer = current > fence.epoch || (current === fence.epoch && row?.['instance'] !== fence.instance)
    if (isNewer) throw fencedError(file, fence, { epoch: current, instance: String(row?.['instance']) })
    db.prepare('UPDATE fence SET epoch = ?, instance = ?').run(fence.epoch, fence.instance)
    db.exec('COMMIT')
  } catch (error) {
    rollback(db)
    throw error
  }
}

/** Who has the store, without opening it for writing; null when that cannot be read. */
export function fenceOf(file: string): Fence | null {
  try {
    const db = new DatabaseSync(file, { readOnly: true })
    try {
      const row = db.prepare('SELECT epoch, instance FROM fence').get()
      return row === undefined ? null : { epoch: Number(row['epoch']), instance: String(row['instance']) }
    } finally {
      db.close()
    }
  } catch (error) {
    if (failureOf(error) === null) throw error
    return null
  }
}

export function fencedError(file: string, ours: Fence, theirs: Fence): DaemonError {
  const text = `${file} belongs to epoch ${theirs.epoch} (${theirs.instance}), not to epoch ${ours.epoch} (${ours.instance})`
  return new DaemonError('fenced', text)
}

/** Ends the transaction, if SQLite has not done so itself after the error. */
export function rollback(db: DatabaseSync): void {
  try {
    db.exec('ROLLBACK')
  } catch (error) {
    // Plain SQLITE_ERROR: "no transaction is active". Anything else shows again at the next BEGIN.
    if (failureOf(error) === null) throw error
  }
}

/** Renames the database with its log, so that `sqlite3 FILE .recover` still finds both. */
function putAside(file: string, stamp: string): string {
  const to = `${file}.corrupt-${stamp.replaceAll(/[^0-9TZ]/g, '')}`
  for (const suffix of ['-wal', '-shm', '']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, to + suffix)
  }
  rmSync(`${file}.suspect`, { force: true })
  return to
}
