// One line to the daemon, whichever daemon that is: when a connection is lost the next one is made, within a budget of time.
// Keeps: a request is sent again only when it was never handed over, was refused by a daemon that leaves, or is idempotent.
import type { Duplex } from 'node:stream'
import { backoffMs, reconnectBackoff, type BackoffPolicy } from './backoff.ts'
import type { Method, Notice } from './contract/method.ts'
import { leavingNotice } from './contract/daemon.ts'
import type { RequestOptions } from './outgoing-requests.ts'
import { Peer, type HandlerContext, type Sent } from './peer.ts'
import type { PeerOptions } from './peer-options.ts'
import { systemTimers, type Timers } from './timers.ts'
import { isWireError, protocolError, toWireError, type WireError } from './wire-error.ts'

/** What `connect` gives: a socket after the handshake, and what the daemon said of itself. */
export interface Connection<W> {
  readonly socket: Duplex
  readonly welcome: W
}

export interface DaemonClientOptions<W> {
  /** Finds, or starts, a daemon. An error with `retryable: false` ends the attempts. */
  readonly connect: (signal: AbortSignal) => Promise<Connection<W>>
  readonly peer?: Omit<PeerOptions, 'timers'>
  /** For how long a loss of the connection is repaired before waiting requests are rejected. */
  readonly budgetMs?: number
  /** Connect again at once after a loss (for those who listen); otherwise the next request does it. */
  readonly staysConnected?: boolean
  /** Told when `staysConnected` could not be kept. */
  readonly onUnavailable?: (error: WireError) => void
  readonly backoff?: BackoffPolicy
  readonly timers?: Timers
  readonly monotonicMs?: () => number
  readonly random?: () => number
}

export interface ClientRequestOptions extends RequestOptions {
  /** Doing it twice is as good as once: it may be sent again even if the daemon may have got it. */
  readonly isIdempotent?: boolean
}

/** What `onReconnect` gets: the new connection, before any waiting request is sent on it. */
export interface Reconnected<W> {
  readonly peer: Peer
  readonly welcome: W
  readonly isFirst: boolean
}

interface Current<W> {
  readonly peer: Peer
  readonly welcome: W
  isLeaving: boolean
}

const DEFAULT_BUDGET_MS = 30_000

export class DaemonClient<W> {
  readonly #options: Required<Omit<DaemonClientOptions<W>, 'peer'>> & { readonly peer: PeerOptions }
  readonly #registrations: ((peer: Peer) => void)[] = []
  readonly #reconnectFns: ((reconnected: Reconnected<W>) => void | Promise<void>)[] = []
  readonly #abort = new AbortController()
  #current: Current<W> | null = null
  #connecting: Promise<Current<W>> | null = null
  #connections = 0

  constructor(options: DaemonClientOptions<W>) {
    const timers = options.timers ?? systemTimers
    this.#options = {
      budgetMs: DEFAULT_BUDGET_MS,
      staysConnected: false,
      onUnavailable: () => undefined,
      backoff: reconnectBackoff,
      monotonicMs: () => performance.now(),
      random: Math.random,
      ...options,
      timers,
      peer: { ...options.peer, timers },
    }
  }

  /** The daemon at the other end, or null while there is none. */
  get welcome(): W | null {
    return this.#current?.welcome ?? null
  }

  /** Answers the daemon's requests, on this connection and each later one. */
  handle<P, R>(method: Method<P, R>, handler: (params: P, context: HandlerContext) => R | Promise<R>): void {
    this.#register((peer) => peer.handle(method, handler))
  }

  onNotice<P>(notice: Notice<P>, handler: (params: P) => void | Promise<void>): void {
    this.#register((peer) => peer.onNotice(notice, handler))
  }

  /** Called for each new connection, the first too; requests wait until it is done. If it fails the connection is given up. */
  onReconnect(fn: (reconnected: Reconnected<W>) => void | Promise<void>): void {
    this.#reconnectFns.push(fn)
  }

  /** Connects, unless it is connected. Rejects with `daemon-unavailable` when the budget is over. */
  async connect(): Promise<W> {
    return (await this.#connected()).welcome
  }

  /** Sends a request to the daemon, to the next one if need be. Rejects like `Peer.request`, or with `daemon-unavailable`. */
  async request<P, R>(method: Method<P, R>, params: P, options: ClientRequestOptions = {}): Promise<R> {
    const { isIdempotent = false, ...rest } = options
    const startMs = this.#options.monotonicMs()
    for (;;) {
      const current = await this.#untilAborted(this.#connected(), rest.signal, method.name)
      try {
        return await current.peer.request(method, params, rest)
      } catch (error) {
        if (!isWireError(error) || !maySendAgain(error, isIdempotent)) throw error
        if (this.#abort.signal.aborted || this.#options.monotonicMs() - startMs > this.#options.budgetMs) throw error
        if (error.code === 'draining') current.isLeaving = true
      }
    }
  }

  /** Sends a notice on the present connection; `closed` when there is none. */
  notify<P>(notice: Notice<P>, params: P): Sent {
    return this.#current?.peer.notify(notice, params) ?? 'closed'
  }

  /** Resolves when more may be sent. */
  drained(): Promise<void> {
    return this.#current?.peer.drained() ?? Promise.resolve()
  }

  /** Ends the connection, and does not make another. */
  close(): void {
    this.#abort.abort(protocolError('connection-lost', 'the client was closed', { handedOver: false }))
    this.#current?.peer.close()
  }

  #register(registration: (peer: Peer) => void): void {
    this.#registrations.push(registration)
    if (this.#current !== null) registration(this.#current.peer)
  }

  /** A connection to a daemon that stays. */
  #connected(): Promise<Current<W>> {
    if (this.#abort.signal.aborted) return Promise.reject(toWireError(this.#abort.signal.reason))
    const current = this.#current
    if (current !== null && !current.isLeaving) return Promise.resolve(current)
    this.#connecting ??= this.#connectAgain(current).finally(() => (this.#connecting = null))
    return this.#connecting
  }

  async #connectAgain(leaving: Current<W> | null): Promise<Current<W>> {
    const { budgetMs, monotonicMs, backoff, random } = this.#options
    const endMs = monotonicMs() + budgetMs
    if (leaving !== null) await Promise.race([leaving.peer.closed, this.#sleep(budgetMs)])
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#connectOnce()
      } catch (error) {
        const waitMs = backoffMs(attempt, random(), backoff)
        if (this.#abort.signal.aborted) throw error
        if (isFinal(error) || monotonicMs() + waitMs > endMs) throw unavailable(error)
        await this.#sleep(waitMs)
      }
    }
  }

  async #connectOnce(): Promise<Current<W>> {
    const { socket, welcome } = await this.#options.connect(this.#abort.signal)
    const peer = new Peer(socket, this.#options.peer)
    const current: Current<W> = { peer, welcome, isLeaving: false }
    peer.onNotice(leavingNotice, () => void (current.isLeaving = true))
    for (const registration of this.#registrations) registration(peer)
    await this.#greet(current)
    this.#current = current
    void peer.closed.then(() => this.#onLost(current))
    return current
  }

  /** Lets everyone say again what the daemon must know, before waiting requests go out. */
  async #greet({ peer, welcome }: Current<W>): Promise<void> {
    const isFirst = this.#connections++ === 0
    try {
      for (const fn of this.#reconnectFns) await fn({ peer, welcome, isFirst })
    } catch (error) {
      peer.destroy()
      throw error
    }
    if (peer.isClosed) throw protocolError('connection-lost', 'the connection was lost while it was made')
  }

  #onLost(current: Current<W>): void {
    if (this.#current === current) this.#current = null
    if (!this.#options.staysConnected || this.#abort.signal.aborted) return
    this.#connected().catch((error: unknown) => this.#options.onUnavailable(toWireError(error)))
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.timers.setTimer(ms, resolve)
      this.#abort.signal.addEventListener('abort', () => (timer.cancel(), resolve()), { once: true })
    })
  }

  #untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined, name: string): Promise<T> {
    if (signal === undefined) return promise
    const cancelled = (): WireError => protocolError('cancelled', `"${name}" was cancelled`, { handedOver: false })
    if (signal.aborted) return Promise.reject(cancelled())
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(cancelled())
      signal.addEventListener('abort', onAbort, { once: true })
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
    })
  }
}

function maySendAgain(error: WireError, isIdempotent: boolean): boolean {
  if (error.code === 'draining') return true
  return error.code === 'connection-lost' && (!error.handedOver || isIdempotent)
}

/** A refusal that says of itself that trying again is of no use. */
function isFinal(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === false
}

function unavailable(cause: unknown): WireError {
  if (isFinal(cause)) return toWireError(cause)
  const why = cause instanceof Error ? cause.message : String(cause)
  return protocolError('daemon-unavailable', `no daemon could be reached: ${why}`, { cause, handedOver: false })
}
