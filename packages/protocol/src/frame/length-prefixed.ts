// Frames with a length in front: u32 length of the payload (big endian), u8 type, payload. JSON messages and raw bytes share
// one connection this way. A frame over the limit is skipped and reported; the stream stays in step.

export const FRAME_HEADER_BYTES = 5

export interface FrameSink {
  /** The receiver may keep the payload. */
  frame(type: number, payload: Buffer): void
  oversized(type: number, bytes: number): void
}

/** One frame, whole. `type` is 0 to 255. */
export function encodeFrame(type: number, payload: string | Uint8Array): Buffer {
  const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length)
  frame.writeUInt32BE(length, 0)
  frame.writeUInt8(type, 4)
  if (typeof payload === 'string') frame.write(payload, FRAME_HEADER_BYTES)
  else frame.set(payload, FRAME_HEADER_BYTES)
  return frame
}

export class FrameSplitter {
  readonly #limitBytes: number
  readonly #sink: FrameSink
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES)
  #headerUsed = 0
  #payload: Buffer | null = null
  #payloadUsed = 0
  #skipBytes = 0

  /** @param limitBytes the largest payload */
  constructor(limitBytes: number, sink: FrameSink) {
    this.#limitBytes = limitBytes
    this.#sink = sink
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#skipBytes > 0) at += this.#skip(chunk.length - at)
      else if (this.#payload !== null) at += this.#fill(this.#payload, chunk, at)
      else at += this.#readHeader(chunk, at)
    }
  }

  #skip(available: number): number {
    const taken = Math.min(available, this.#skipBytes)
    this.#skipBytes -= taken
    return taken
  }

  #fill(payload: Buffer, chunk: Buffer, at: number): number {
    const taken = chunk.copy(payload, this.#payloadUsed, at)
    this.#payloadUsed += taken
    if (this.#payloadUsed === payload.length) this.#emit(payload)
    return taken
  }

  #readHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerUsed, at)
    this.#headerUsed += taken
    if (this.#headerUsed < FRAME_HEADER_BYTES) return taken
    const length = this.#header.readUInt32BE(0)
    if (length > this.#limitBytes) {
      this.#headerUsed = 0
      this.#skipBytes = length
      this.#sink.oversized(this.#header.readUInt8(4), length)
      return taken
    }
    const begin = at + taken
    if (chunk.length - begin < length) {
      this.#payload = Buffer.allocUnsafe(length)
      this.#payloadUsed = 0
      return taken
    }
    this.#emit(chunk.subarray(begin, begin + length))
    return taken + length
  }

  #emit(payload: Buffer): void {
    this.#headerUsed = 0
    this.#payload = null
    this.#sink.frame(this.#header.readUInt8(4), payload)
  }
}
