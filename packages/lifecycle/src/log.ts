// A log file of one JSON object a line, bounded in size by rotation (K35). Writing is synchronous, so that the last line before a
// crash is there. A log that cannot be written never fails its writer: the loss is counted and told in the next line.
import { constants, closeSync, fstatSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { errnoOf } from './errors.ts'

/** How much a log line matters. */
export type Level = 'debug' | 'info' | 'warn' | 'error'

/** Where programs write what happened. Fields are data for machines, the message is for people. */
export interface Log {
  write(level: Level, message: string, fields?: Readonly<Record<string, unknown>>): void
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
  close(): void
}

/** How large a log may become. */
export interface LogOptions {
  /** Rotate before a file would grow over this. Default 5 MiB. */
  readonly limitBytes?: number
  /** Rotated files that are kept: `file.1` is the newest. Default 2. */
  readonly keep?: number
}

const entryLimitBytes = 16 * 1024

/** A sink that gives its lines to one function; everything else of `Log` comes from it. */
export function logOver(write: Log['write'], close: () => void = () => undefined): Log {
  return {
    write,
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    close,
  }
}

/** A log that keeps nothing. */
export const silentLog: Log = logOver(() => undefined)

/** Opens (or goes on with) the log at `file`, mode 0600. Throws when the file cannot be opened, or is not a regular file. */
export function createLog(file: string, options: LogOptions = {}): Log {
  const sink = new RotatingFile(file, options.limitBytes ?? 5 * 1024 * 1024, options.keep ?? 2)
  return logOver(
    (level, message, fields) => sink.line(formatEntry(level, message, fields)),
    () => sink.close(),
  )
}

function formatEntry(level: Level, message: string, fields: Readonly<Record<string, unknown>> = {}): string {
  const head = { at: new Date().toISOString(), level, pid: process.pid, message }
  const line = JSON.stringify({ ...head, ...fields }, plain)
  if (line.length <= entryLimitBytes) return line
  return JSON.stringify({ ...head, message: message.slice(0, entryLimitBytes / 2), cut: line.length })
}

/** Errors have no own enumerable fields, and bigint no JSON form. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error)
    return { name: value.name, message: value.message, code: errnoOf(value), stack: value.stack }
  return typeof value === 'bigint' ? value.toString() : value
}

/** Appends whole lines to a file, and rotates it by size. Also used for the stderr of children. */
export class RotatingFile {
  readonly file: string
  private readonly limitBytes: number
  private readonly keep: number
  private descriptor: number | null
  private sizeBytes: number
  private lost = 0

  constructor(file: string, limitBytes: number, keep: number) {
    this.file = file
    this.limitBytes = limitBytes
    this.keep = keep
    this.descriptor = openAppend(file)
    this.sizeBytes = fstatSync(this.descriptor).size
  }

  /** Writes one line; the newline is added. */
  line(text: string): void {
    const note =
      this.lost > 0 ? `${JSON.stringify({ level: 'warn', message: 'log lines were lost', lost: this.lost })}\n` : ''
    if (this.append(Buffer.from(`${note}${text}\n`))) this.lost = 0
    else this.lost += 1
  }

  /** Writes bytes as they are. False when they could not be written (full disk, closed). */
  append(bytes: Uint8Array): boolean {
    try {
      if (this.sizeBytes > 0 && this.sizeBytes + bytes.length > this.limitBytes) this.rotate()
      if (this.descriptor === null) return false
      for (let done = 0; done < bytes.length;) done += writeSync(this.descriptor, bytes, done)
      this.sizeBytes += bytes.length
      return true
    } catch (error) {
      // A full or failing disk must not end the program that logs; the caller counts the loss.
      if (errnoOf(error) === undefined) throw error
      return false
    }
  }

  close(): void {
    if (this.descriptor !== null) closeSync(this.descriptor)
    this.descriptor = null
  }

  private rotate(): void {
    if (this.descriptor === null) return
    for (let index = this.keep - 1; index >= 0; index -= 1) {
      const from = index === 0 ? this.file : `${this.file}.${index}`
      try {
        renameSync(from, `${this.file}.${index + 1}`)
      } catch (error) {
        // Not there yet: fewer files than `keep` exist.
        if (errnoOf(error) !== 'ENOENT') throw error
      }
    }
    const next = openAppend(this.file, this.keep === 0 ? constants.O_TRUNC : 0)
    closeSync(this.descriptor)
    this.descriptor = next
    this.sizeBytes = 0
  }
}

/** Opens a regular file for appending, creating it 0600; never follows a link, never waits for a FIFO. */
export function openAppend(file: string, extra = 0): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOFOLLOW } = constants
  const descriptor = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOFOLLOW | extra, 0o600)
  if (fstatSync(descriptor).isFile()) return descriptor
  closeSync(descriptor)
  throw Object.assign(new Error(`log file ${file} is not a regular file; remove it`), { code: 'ESPIPE' })
}

/** The last `bytes` bytes of a file as text from the first whole line on; empty when there is none, or it is no regular file. */
export function tailFile(file: string, bytes: number): string {
  let descriptor: number
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    // A tail is evidence for a message; a file that is missing or closed to us gives none.
    if (errnoOf(error) === undefined) throw error
    return ''
  }
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) return ''
    // One byte more: where it is a newline, the line after it is whole.
    const start = Math.max(0, stat.size - bytes - 1)
    const buffer = Buffer.alloc(stat.size - start)
    const text = buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, start))
    return stat.size <= bytes ? text : text.slice(text.indexOf('\n') + 1)
  } finally {
    closeSync(descriptor)
  }
}
