// Files that are there whole or not at all, whatever dies in between: written beside, synced, then put in place by one rename or
// link. Synchronous, because the last words of a crashing process are written here too.
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errnoOf } from './errors.ts'
import { type Failpoint, noFailpoint } from './failpoint.ts'

/** Ends the name of every file that is not in place yet; one left by a crash may be removed by the holder of the claim. */
export const unfinishedSuffix = '.tmp'

interface WriteOptions {
  readonly failpoint?: Failpoint
  /** False: whole or not at all for every reader, but perhaps gone after a power cut. Default true. */
  readonly isDurable?: boolean
}

function writeBeside(path: string, text: string, { failpoint = noFailpoint, isDurable = true }: WriteOptions): string {
  const chance = Math.random().toString(36).slice(2)
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.${chance}${unfinishedSuffix}`)
  const fd = openSync(beside, 'wx', 0o600)
  try {
    failpoint('file.created')
    const bytes = Buffer.from(text)
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done)
    failpoint('file.written')
    if (isDurable) fsyncSync(fd)
    failpoint('file.synced')
  } catch (error) {
    removeFile(beside)
    throw error
  } finally {
    closeSync(fd)
  }
  return beside
}

/** Removes a name; a missing one is fine. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}

/** Makes the names in a folder durable. */
function syncFolder(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Replaces `path` by a file with `text` (0600). On an error the file that was there stays. */
export function replaceFile(path: string, text: string, options: WriteOptions = {}): void {
  const beside = writeBeside(path, text, options)
  try {
    renameSync(beside, path)
  } catch (error) {
    removeFile(beside)
    throw error
  }
  options.failpoint?.('file.placed')
  if (options.isDurable !== false) syncFolder(dirname(path))
}

/** Creates `path` with `text` (0600), durably, unless it exists: then that one stays. The first writer wins, whoever it is. */
export function createOnce(path: string, text: string, options: WriteOptions = {}): 'created' | 'exists' {
  const beside = writeBeside(path, text, options)
  try {
    linkSync(beside, path)
    options.failpoint?.('file.placed')
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return 'exists'
    throw error
  } finally {
    removeFile(beside)
  }
  if (options.isDurable !== false) syncFolder(dirname(path))
  return 'created'
}

const readLimitBytes = 65_536

/**
 * The text of a file (at most 64 KiB of it), or null when there is none; a FIFO or device holds no text and is not waited for.
 * Other errors are thrown.
 */
export function readText(path: string): string | null {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT' || errno === 'ENXIO') return null
    throw error
  }
  try {
    const found = fstatSync(fd)
    if (!found.isFile() && !found.isDirectory()) return null
    const bytes = Buffer.alloc(Math.max(1, Math.min(readLimitBytes, found.size)))
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0))
  } finally {
    closeSync(fd)
  }
}
