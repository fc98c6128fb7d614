// A daemon for whoever needs one: the one that runs, or a new one. The warm path is one connection; everything else is loaded
// only when that fails (I4, I5).
import type { Socket } from 'node:net'
import { type Clock, deadlineIn, systemClock } from '../clock.ts'
import type { Welcome } from '../handshake.ts'
import type { Log } from '../log.ts'
import type { Place } from '../place.ts'
import { connectDaemon, type Greeting } from './connect.ts'
import type { StartCommand } from './start-command.ts'

/** Why the daemon that serves now is the one that serves. */
export type EnsureReason = 'running' | 'absent' | 'crashed' | 'hung' | 'stale-config' | 'upgrade'

/** A wish to have another daemon than the one that answers. */
export interface Replacement {
  readonly reason: 'stale-config' | 'upgrade'
  /** Asks it to leave, in-band; it is then waited for. */
  askToLeave(socket: Socket, welcome: Welcome): Promise<void>
}

/** What `ensureDaemon` needs to know. Times are in milliseconds. */
export interface EnsureRequest {
  readonly place: Place
  readonly hello: Greeting
  readonly start: StartCommand
  /** For all of it. */
  readonly deadlineMs: number
  readonly clock?: Clock
  readonly log?: Log
  /** How long a daemon may take to say welcome before it is looked at more closely. Default 1000. */
  readonly probeMs?: number
  /** Looks at a daemon that answers; asked at most once a call, so that two clients cannot restart in turns for ever (K20). */
  readonly replaces?: (welcome: Welcome) => Replacement | null
  /** Told before a start, for people who wait. */
  readonly onStart?: (reason: 'absent' | 'hung') => void
}

/** A connection to the daemon that serves now, and why it is that one. */
export interface Ensured {
  /** Greeted; see `connectDaemon`. */
  readonly socket: Socket
  readonly welcome: Welcome
  /** This call started it. */
  readonly started: boolean
  readonly reason: EnsureReason
  /** The daemon that this call ended. */
  readonly replaced?: { readonly pid: number; readonly instance: string | null }
}

/** How long a daemon may take to say welcome. */
export const defaultProbeMs = 1000

/**
 * Connects to the daemon of a place; starts one when there is none, and replaces one that is proved to be hung. Returns or throws
 * no later than `deadlineMs` (+100 ms). Throws `LifecycleError`: daemon-foreign, daemon-forbidden, daemon-incompatible,
 * daemon-quarantined, daemon-draining, owner-unknown, daemon-hung, start-failed (with the cause and the end of the log),
 * start-timeout, deadline-over, or what is wrong with the folders.
 */
export async function ensureDaemon(request: EnsureRequest): Promise<Ensured> {
  const clock = request.clock ?? systemClock
  const deadline = deadlineIn(clock, request.deadlineMs)
  const timeoutMs = Math.min(request.probeMs ?? defaultProbeMs, request.deadlineMs)
  const first = await connectDaemon(request.place, request.hello, { timeoutMs, clock })
  if (first.kind === 'connected' && (request.replaces?.(first.welcome) ?? null) === null) {
    const { socket, welcome } = first
    return { socket, welcome, started: false, reason: 'running' }
  }
  const { activate } = await import('./activate.ts')
  return activate(request, first, { clock, deadline })
}
