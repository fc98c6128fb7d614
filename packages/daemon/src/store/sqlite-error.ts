// What an error of SQLite means for us. Decided by its result code, never by its text.
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from '@holdfast/lifecycle'
import { DaemonError } from '../errors.ts'

/** `corrupt`: the file is not, or no longer, a sound database. `busy`: another process holds the write lock. */
export type Failure = 'full' | 'corrupt' | 'busy' | 'failed'

const primary: Readonly<Record<number, Failure>> = { 5: 'busy', 6: 'busy', 11: 'corrupt', 13: 'full', 26: 'corrupt' }

/** What kind of failure of SQLite it is; null for errors that SQLite did not give. */
export function failureOf(error: unknown): Failure | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  // The low byte is the primary result code, the rest says more about it.
  return primary[error.errcode & 0xff] ?? 'failed'
}

/** The error that callers see. */
export function storeError(error: unknown, file: string): DaemonError {
  if (error instanceof DaemonError) return error
  const said = error instanceof Error ? error.message : String(error)
  const failure = failureOf(error)
  if (failure === 'full' || (failure === 'failed' && isDiskFull(file)))
    return new DaemonError('store-full', `no space left to write ${file}`, { cause: error })
  if (failure === 'busy') {
    return new DaemonError('store-failed', `another process keeps ${file} locked`, {
      cause: error,
      hint: 'Close whatever else has the database open (a backup, a database browser), then try again.',
    })
  }
  return new DaemonError('store-failed', `cannot read or write ${file}: ${said}`, { cause: error })
}

/** SQLite reports a full disk as a plain input/output error where it makes or grows its helper files. */
function isDiskFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize < 256 * 1024
  } catch (error) {
    // The folder is gone: that is what the first error says as well.
    if (errnoOf(error) === undefined) throw error
    return false
  }
}
