// Frames that end with a newline, found in bytes (a newline byte is never part of another character in UTF-8).
// Each byte is looked at once and copied at most a constant number of times; a frame over the limit is not kept, its id is.
import { MessageIdScanner, type MessageId, type MessageKind } from './message-id.ts'

export interface OversizedFrame {
  readonly bytes: number
  readonly id: MessageId | undefined
  readonly kind: MessageKind
}

export interface LineSink {
  /** One frame without its newline. The receiver may keep the bytes. */
  line(bytes: Buffer): void
  oversized(frame: OversizedFrame): void
}

const NEWLINE = 0x0a
const FIRST_CAPACITY_BYTES = 1024

export class LineSplitter {
  readonly #limitBytes: number
  readonly #sink: LineSink
  /** The beginning of a frame whose end has not come yet. */
  #held = Buffer.alloc(0)
  #used = 0
  #oversized: { scanner: MessageIdScanner; bytes: number } | null = null

  /** @param limitBytes the largest frame, without its newline */
  constructor(limitBytes: number, sink: LineSink) {
    this.#limitBytes = limitBytes
    this.#sink = sink
  }

  /** Bytes of an unfinished frame; what is left of them at the end of a stream was never a frame. */
  get pendingBytes(): number {
    return this.#oversized?.bytes ?? this.#used
  }

  push(chunk: Buffer): void {
    let start = 0
    while (start < chunk.length) {
      const end = chunk.indexOf(NEWLINE, start)
      if (end === -1) {
        this.#hold(chunk.subarray(start))
        return
      }
      this.#finish(chunk.subarray(start, end))
      start = end + 1
    }
  }

  #finish(rest: Buffer): void {
    if (this.#oversized === null && this.#used === 0 && rest.length <= this.#limitBytes) {
      this.#sink.line(rest)
      return
    }
    this.#hold(rest)
    if (this.#oversized !== null) {
      const { scanner, bytes } = this.#oversized
      this.#oversized = null
      this.#sink.oversized({ bytes, id: scanner.id, kind: scanner.kind })
      return
    }
    const line = this.#held.subarray(0, this.#used)
    this.#held = Buffer.alloc(0)
    this.#used = 0
    this.#sink.line(line)
  }

  #hold(bytes: Buffer): void {
    if (this.#oversized === null && this.#used + bytes.length > this.#limitBytes) {
      this.#oversized = { scanner: new MessageIdScanner(), bytes: this.#used }
      this.#oversized.scanner.push(this.#held.subarray(0, this.#used))
      this.#held = Buffer.alloc(0)
      this.#used = 0
    }
    if (this.#oversized !== null) {
      this.#oversized.scanner.push(bytes)
      this.#oversized.bytes += bytes.length
      return
    }
    this.#reserve(this.#used + bytes.length)
    bytes.copy(this.#held, this.#used)
    this.#used += bytes.length
  }

  /** Doubles the room, so that many small pieces cost no more than few large ones. */
  #reserve(needed: number): void {
    if (needed <= this.#held.length) return
    const roomy = Buffer.allocUnsafe(Math.max(needed, this.#held.length * 2, FIRST_CAPACITY_BYTES))
    this.#held.copy(roomy, 0, 0, this.#used)
    this.#held = roomy
  }
}

/** Splits a stream of bytes into frames that end with a newline; feed it with `push`. */
export function splitLines(limitBytes: number, sink: LineSink): LineSplitter {
  return new LineSplitter(limitBytes, sink)
}
