// The end of a log, and what is added to it. Rotation (another file under the same name, or a shorter one) is followed.
import { constants } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { CliError } from './errors.ts'

const stepBytes = 64 * 1024
const pollMs = 200

export interface Tail {
  readonly lines: readonly string[]
  /** Where to go on from. */
  readonly offset: number
}

/** The last `count` lines of a file; null when it is not there. */
export async function lastLines(path: string, count: number): Promise<Tail | null> {
  const file = await openExisting(path)
  if (file === null) return null
  try {
    const { size } = await file.stat()
    for (let bytes = stepBytes; ; bytes *= 4) {
      const from = Math.max(0, size - bytes)
      const buffer = Buffer.alloc(size - from)
      const { bytesRead } = await file.read(buffer, 0, buffer.length, from)
      const whole = buffer.subarray(0, bytesRead)
      const lines = whole.toString('utf8').split('\n')
      if (lines.at(-1) === '') lines.pop()
      if (from > 0 && lines.length <= count) continue
      return { lines: count === 0 ? [] : lines.slice(-count), offset: from + bytesRead }
    }
  } finally {
    await file.close()
  }
}

/** Gives each line that is added from `offset` on, until the signal. */
export async function* addedLines(path: string, offset: number, signal: AbortSignal): AsyncGenerator<string> {
  let at = offset
  let rest = Buffer.alloc(0)
  let inode = await inodeOf(path)
  while (!signal.aborted) {
    const now = await inodeOf(path)
    const added = now === null ? null : await readFrom(path, now === inode ? at : 0)
    if (now !== null && (now !== inode || added === 'shorter')) {
      inode = now
      at = 0
      rest = Buffer.alloc(0)
    }
    if (added !== null && added !== 'shorter' && added.length > 0) {
      at += added.length
      rest = Buffer.concat([rest, added])
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        yield rest.subarray(0, end).toString('utf8')
        rest = rest.subarray(end + 1)
      }
      continue
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
}

async function readFrom(path: string, offset: number): Promise<Buffer | 'shorter' | null> {
  const file = await openExisting(path)
  if (file === null) return null
  try {
    const { size } = await file.stat()
    if (size < offset) return 'shorter'
    const buffer = Buffer.alloc(Math.min(size - offset, 1024 * 1024))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function inodeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).ino
  } catch (error) {
    if (isAbsent(error)) return null
    throw unreadable(path, error instanceof Error ? error.message : String(error))
  }
}

/** Never waits for the other end of a FIFO that lies in its place. */
async function openExisting(path: string): Promise<FileHandle | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    if ((await file.stat()).isFile()) return file
    await file.close()
  } catch (error) {
    if (isAbsent(error)) return null
    throw unreadable(path, error instanceof Error ? error.message : String(error))
  }
  throw unreadable(path, 'it is no file')
}

function unreadable(path: string, why: string): CliError {
  return new CliError('file-missing', `the log ${path} cannot be read: ${why}`)
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
