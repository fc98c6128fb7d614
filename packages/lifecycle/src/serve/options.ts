// What a program gives to serveDaemon, and what it is given back.
import type { Socket } from 'node:net'
import type { ExitRecord } from '../claim/exit-record.ts'
import type { ClaimPorts } from '../claim/ports.ts'
import type { Clock } from '../clock.ts'
import type { Failpoint } from '../failpoint.ts'
import type { Hello } from '../handshake.ts'
import type { Log } from '../log.ts'
import type { Place } from '../place.ts'
import type { Label, ProtocolRange } from '../record.ts'
import type { Host } from '../shutdown/host.ts'
import type { RestartPolicy } from '../supervise/restart-intensity.ts'

/** A client that has been welcomed. */
export interface AcceptedClient {
  /** Unique in this instance. */
  readonly id: string
  readonly hello: Hello
  /** After the handshake: the next byte read is the first one after the hello. */
  readonly socket: Socket
}

/** What the daemon does, once it is the daemon. */
export interface Service {
  /** A client is there. Also called while draining for clients that were welcomed before: answer their requests with a retryable error. */
  accept(client: AcceptedClient): void
  /** True keeps it from idling out although no client is connected. */
  isNeeded(): boolean
  /** Finish, or hand over, what is running. Cut off at the deadline. */
  drain(reason: string, deadlineMs: number): Promise<void>
  /** Let go of everything; nothing may be written any more. */
  close(): Promise<void>
}

/** What `open` is told. */
export interface ServeContext {
  readonly epoch: number
  readonly instance: string
  /** How the daemon before this one ended. */
  readonly predecessor: ExitRecord | null
  /** Begins to drain; the first reason counts. Returns at once. `deadlineMs` defaults to `drainMs`. */
  readonly leave: (reason: string, deadlineMs?: number) => void
  /** How many connections there are now, welcomed or not. */
  readonly clients: () => number
  /** False once the claim is lost, when nothing may be done any more. */
  readonly isCurrent: () => boolean
}

/** How a daemon is served. Times are in milliseconds. */
export interface ServeOptions {
  readonly place: Place
  /** Chosen by the starter (see `startedBy`); random when missing. */
  readonly instance?: string
  readonly version: string
  readonly protocol: ProtocolRange
  readonly capabilities?: readonly string[]
  /** Fingerprint of the configuration it was started with; clients compare it. */
  readonly config?: string | null
  readonly log?: Log
  readonly clock?: Clock
  readonly failpoint?: Failpoint
  /** Leave after this time without clients and work; null: never. */
  readonly idleMs?: number | null
  /** The app whose connections with role `owner` keep it alive; null: nobody's. */
  readonly owner?: string | null
  /** How long after the last owner is gone it leaves. Default 5000. */
  readonly ownerGraceMs?: number
  /** How long a drain may take. Default 10 000. It has ended 1 s after that, whatever hangs. */
  readonly drainMs?: number
  /**
   * A main loop that does not turn for so long while clients are connected is ended and recorded as hung; null: never.
   * Default 15 000. The watchdog thread, from the first client that stays for more than a second on, takes some 18 MB.
   */
  readonly hangMs?: number | null
  /** The descriptor that the starter waits on for the readiness line; null: nobody waits. */
  readonly readyFd?: number | null
  /** Opens the store, adopts what is there. Clients that come before it has resolved are welcomed, their requests wait. */
  open(context: ServeContext): Promise<Service>
  /** What is served, until `quarantine.periodMs` is over, after too many unexpected ends. By default nothing but the welcome. */
  openQuarantined?(context: ServeContext, reason: string): Promise<Service>
  /** How many unexpected ends are too many. Default: more than 5 in 60 s. */
  readonly quarantine?: RestartPolicy
  /** The machine; other ones in tests. */
  readonly ports?: ClaimPorts
  readonly host?: Host
}

/** `lost`: another holds the claim; nothing was changed, exit with `lostExitCode`. */
export type ServeResult =
  | { readonly kind: 'lost'; readonly by: Label | null }
  | { readonly kind: 'ended'; readonly reason: string; readonly superseded: boolean }

/** The exit code of a daemon that lost the claim (EX_TEMPFAIL of sysexits.h). */
export const lostExitCode = 75
