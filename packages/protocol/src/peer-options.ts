// The limits of a peer, and what they are when nobody says otherwise.
import { systemTimers, type Timers } from './timers.ts'
import type { WireError } from './wire-error.ts'
import type { Codec } from './wire.ts'

export interface PeerOptions {
  /** How messages are framed; lines when left out. */
  readonly codec?: Codec
  /** Requests of the other side that may be in work at once; the next one is refused as `overloaded`. */
  readonly maxConcurrent?: number
  /** Own requests that may wait for an answer at once; the next one is rejected as `overloaded`. */
  readonly maxPending?: number
  /** Bytes that may wait for a slow reader; beyond it requests are rejected, and a connection that still grows is ended. */
  readonly maxQueuedBytes?: number
  /** Stop reading from a side that does not read. For one end of a connection only: if both did it, both could wait for ever. */
  readonly pausesWhenFull?: boolean
  readonly timers?: Timers
  /** Told of what went wrong where nobody waits for an answer: notices that fail, garbage, bugs in handlers. */
  readonly report?: (problem: WireError) => void
}

export type PeerSettings = Required<Omit<PeerOptions, 'codec'>>

export const peerDefaults: PeerSettings = {
  maxConcurrent: 16_384,
  maxPending: 16_384,
  maxQueuedBytes: 64 * 1024 * 1024,
  pausesWhenFull: false,
  timers: systemTimers,
  report: () => undefined,
}
