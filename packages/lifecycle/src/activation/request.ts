// What is asked of activation and what it gives: the words that its steps share.
import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import type { Welcome } from '../handshake.ts'
import type { Log } from '../log.ts'
import type { Place } from '../place.ts'
import type { Greeting } from './connect.ts'
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
