// The keeper's wire after the handshake: length-prefixed frames. Requests, answers and notices are JSON; input, output and
// acknowledgements are bytes behind a small head, because they are all of the traffic that matters for speed.
// The protocol only grows: unknown fields, notices and capabilities are ignored, unknown requests are answered with an error.
import { encodeFrame, FRAME_HEADER_BYTES } from '@holdfast/protocol'

/** The versions of the keeper protocol that this side speaks. */
export const keeperProtocol = { min: 1, max: 1 } as const

export const frameType = { request: 1, answer: 2, notice: 3, input: 4, inputDone: 5, output: 6, ack: 7 } as const

/** The largest input frame, and so the longest line that a daemon can send to a child. */
export const maxInputBytes = 64 * 1024 * 1024
export const maxFrameBytes = maxInputBytes + 64 * 1024
/** The most output bytes in one frame: small enough that children take turns. */
export const maxOutputBytes = 64 * 1024
export const maxIdBytes = 200
export const maxTagBytes = 1024

/** Payloads up to this size are copied behind their head, so that they cost one write; larger ones go as they are. */
const copyLimitBytes = 16 * 1024

const inputOutcomes = ['taken', 'already', 'gone', 'full', 'unknown'] as const
export type InputOutcome = (typeof inputOutcomes)[number]

/** A frame as the pieces to write, one after the other. */
export type Pieces = readonly [Buffer] | readonly [Buffer, Uint8Array]

function pieces(type: number, head: Buffer, bytes: Uint8Array): Pieces {
  const length = head.length + bytes.length
  const whole = bytes.length <= copyLimitBytes
  const first = Buffer.allocUnsafe(FRAME_HEADER_BYTES + (whole ? length : head.length))
  first.writeUInt32BE(length, 0)
  first.writeUInt8(type, 4)
  head.copy(first, FRAME_HEADER_BYTES)
  if (!whole) return [first, bytes]
  first.set(bytes, FRAME_HEADER_BYTES + head.length)
  return [first]
}

export interface InputMessage {
  readonly sequence: number
  readonly child: string
  readonly tag: string | null
  readonly bytes: Buffer
}

/** u32 sequence, u8 length of the id, u16 length of the tag + 1 (0: none), id, tag, bytes. */
export function encodeInput(message: Omit<InputMessage, 'bytes'> & { readonly bytes: Uint8Array }): Pieces {
  const id = Buffer.from(message.child)
  const tag = message.tag === null ? null : Buffer.from(message.tag)
  const head = Buffer.allocUnsafe(7 + id.length + (tag?.length ?? 0))
  head.writeUInt32BE(message.sequence, 0)
  head.writeUInt8(id.length, 4)
  head.writeUInt16BE(tag === null ? 0 : tag.length + 1, 5)
  id.copy(head, 7)
  tag?.copy(head, 7 + id.length)
  return pieces(frameType.input, head, message.bytes)
}

/** Null when the payload is not one. */
export function decodeInput(payload: Buffer): InputMessage | null {
  if (payload.length < 7) return null
  const idEnd = 7 + payload.readUInt8(4)
  const tagSize = payload.readUInt16BE(5)
  const tagEnd = idEnd + Math.max(0, tagSize - 1)
  if (payload.length < tagEnd) return null
  return {
    sequence: payload.readUInt32BE(0),
    child: payload.toString('utf8', 7, idEnd),
    tag: tagSize === 0 ? null : payload.toString('utf8', idEnd, tagEnd),
    bytes: payload.subarray(tagEnd),
  }
}

export function encodeInputDone(sequence: number, outcome: InputOutcome): Buffer {
  const payload = Buffer.allocUnsafe(5)
  payload.writeUInt32BE(sequence, 0)
  payload.writeUInt8(inputOutcomes.indexOf(outcome), 4)
  return encodeFrame(frameType.inputDone, payload)
}

export function decodeInputDone(payload: Buffer): { sequence: number; outcome: InputOutcome } | null {
  if (payload.length < 5) return null
  const outcome = inputOutcomes[payload.readUInt8(4)]
  return outcome === undefined ? null : { sequence: payload.readUInt32BE(0), outcome }
}

/** u32 stream (which attachment it belongs to), f64 offset, bytes. */
export function encodeOutput(stream: number, offset: number, bytes: Uint8Array): Pieces {
  const head = Buffer.allocUnsafe(12)
  head.writeUInt32BE(stream, 0)
  head.writeDoubleBE(offset, 4)
  return pieces(frameType.output, head, bytes)
}

export function decodeOutput(payload: Buffer): { stream: number; offset: number; bytes: Buffer } | null {
  if (payload.length < 12) return null
  return { stream: payload.readUInt32BE(0), offset: payload.readDoubleBE(4), bytes: payload.subarray(12) }
}

/** f64 offset, id of the child. */
export function encodeAck(child: string, offset: number): Buffer {
  const payload = Buffer.allocUnsafe(8 + Buffer.byteLength(child))
  payload.writeDoubleBE(offset, 0)
  payload.write(child, 8)
  return encodeFrame(frameType.ack, payload)
}

export function decodeAck(payload: Buffer): { child: string; offset: number } | null {
  if (payload.length < 9) return null
  const offset = payload.readDoubleBE(0)
  return Number.isSafeInteger(offset) && offset >= 0 ? { child: payload.toString('utf8', 8), offset } : null
}
