// A connection that carries whole messages: bytes of a Duplex in, messages out, and back. Owns the queue of what the socket
// does not take at the moment, so that it is known of each message whether it was ever handed over.
import type { Duplex } from 'node:stream'
import { LineSplitter, type OversizedFrame } from './frame/lines.ts'
import { encodeFrame, FrameSplitter } from './frame/length-prefixed.ts'

/** A message on its way out. It is handed over once the socket has any of it. */
export interface Outgoing {
  readonly data: string | Buffer
  handedOver: boolean
  /** Set by the sender to take back a message that was not handed over. */
  isWithdrawn: boolean
}

export interface WireSink {
  message(bytes: Buffer): void
  oversized(frame: OversizedFrame): void
  /** The queue is empty again after having been full. */
  drained(): void
  /** Once, and nothing comes after it. */
  closed(cause: Error | null): void
}

/** How messages become bytes and bytes become messages. */
export interface Codec {
  readonly limitBytes: number
  encode(text: string): string | Buffer
  decode(sink: Pick<WireSink, 'message' | 'oversized'>): { push(chunk: Buffer): void }
}

/** An MCP message of 64 MiB, and what is around it. */
const DEFAULT_LIMIT_BYTES = 64 * 1024 * 1024 + 64 * 1024

/** One message a line. */
export function lineCodec(limitBytes: number = DEFAULT_LIMIT_BYTES): Codec {
  return {
    limitBytes,
    encode: (text) => `${text}\n`,
    decode: (sink) =>
      new LineSplitter(limitBytes, {
        line: (bytes) => sink.message(bytes),
        oversized: (frame) => sink.oversized(frame),
      }),
  }
}

/** The frame type of JSON messages; every other type is raw bytes. */
export const MESSAGE_FRAME = 0

/** Length-prefixed frames: messages and raw bytes on one connection, in order. */
export function frameCodec(
  raw: (type: number, payload: Buffer) => void,
  limitBytes: number = DEFAULT_LIMIT_BYTES,
): Codec {
  return {
    limitBytes,
    encode: (text) => encodeFrame(MESSAGE_FRAME, text),
    decode: (sink) =>
      new FrameSplitter(limitBytes, {
        frame: (type, payload) => (type === MESSAGE_FRAME ? sink.message(payload) : raw(type, payload)),
        oversized: (_type, bytes) => sink.oversized({ bytes, id: undefined, kind: 'unknown' }),
      }),
  }
}

export class Wire {
  readonly codec: Codec
  readonly #socket: Duplex
  readonly #queue: Outgoing[] = []
  #queueHead = 0
  #queuedBytes = 0
  #isClosed = false
  #wasFull = false
  #cause: Error | null = null

  constructor(socket: Duplex, codec: Codec) {
    this.#socket = socket
    this.codec = codec
  }

  /** Starts to read; the first message comes in a later turn of the event loop. */
  open(sink: WireSink): void {
    const decoder = this.codec.decode(sink)
    const socket = this.#socket
    socket.on('error', (error: Error) => (this.#cause ??= error))
    socket.on('end', () => socket.destroy())
    socket.on('close', () => this.#close(sink))
    socket.on('drain', () => this.#flush(sink))
    socket.on('data', (chunk: Buffer) => {
      // One write for all answers that are ready at once.
      socket.cork()
      if (!this.#isClosed) decoder.push(chunk)
      socket.uncork()
      if (this.#wasFull) this.#flush(sink)
    })
    // A handshake leaves its socket paused.
    socket.resume()
    if (socket.destroyed) queueMicrotask(() => this.#close(sink))
  }

  /** Bytes that the other side has not taken, here and in the socket. */
  get queuedBytes(): number {
    return this.#queuedBytes + this.#socket.writableLength
  }

  get isFull(): boolean {
    return this.#queueHead < this.#queue.length || this.#socket.writableNeedDrain
  }

  /** Takes a message; a full socket makes it wait here. */
  send(message: Outgoing): void {
    if (this.#isClosed || this.#socket.destroyed) return
    if (this.isFull) {
      this.#wasFull = true
      this.#queue.push(message)
      this.#queuedBytes += message.data.length
      return
    }
    this.#write(message)
  }

  /** Stops reading: what the other side sends waits with the other side. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Ends the connection once what was sent is taken. */
  end(): void {
    for (const message of this.#queue.slice(this.#queueHead)) if (!message.isWithdrawn) this.#write(message)
    this.#forgetQueue()
    if (this.#socket.destroyed) return
    this.#socket.end(() => this.#socket.destroy())
  }

  /** Ends the connection now. */
  destroy(cause?: Error): void {
    this.#cause ??= cause ?? null
    this.#socket.destroy()
  }

  #write(message: Outgoing): void {
    message.handedOver = true
    if (!this.#socket.write(message.data)) this.#wasFull = true
  }

  #flush(sink: WireSink): void {
    while (this.#queueHead < this.#queue.length && !this.#socket.writableNeedDrain) {
      const message = this.#queue[this.#queueHead++]
      if (message === undefined) break
      this.#queuedBytes -= message.data.length
      if (!message.isWithdrawn) this.#write(message)
    }
    if (this.isFull || !this.#wasFull) return
    this.#forgetQueue()
    this.#wasFull = false
    if (!this.#isClosed) sink.drained()
  }

  #forgetQueue(): void {
    this.#queue.length = 0
    this.#queueHead = 0
    this.#queuedBytes = 0
  }

  #close(sink: WireSink): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#forgetQueue()
    sink.closed(this.#cause)
  }
}
