// One MCP client's line to the daemon, whichever daemon that is. Keeps (I11): a request stays here until its answer is handed
// on; after a daemon's death the next one is told what is still awaited and which keeper took it; one answer is handed on.
import type { Socket } from 'node:net'
import {
  daemonStatus,
  type Envelope,
  isWireError,
  leavingNotice,
  mcpClose,
  mcpFrameHeads,
  mcpOpen,
  mcpReceived,
  mcpSendLine,
  Peer,
  readEnvelope,
  readMcpFrame,
  textOf,
} from '@holdfast/protocol'
import { errorAnswer, messageOf } from './messages.ts'

export interface McpLinkOptions {
  readonly downstream: string
  readonly server: string
  readonly directory: string
  /** A greeted connection to a daemon; starts one when there is none. Rejects when there can be none. */
  readonly dial: () => Promise<Socket>
  /** Hands a message to the host; `taken` is called when the host has it. */
  readonly deliver: (message: Buffer, taken: () => void) => void
}

interface Pending {
  readonly line: Buffer
  /** Some daemon was given it. */
  wasSent: boolean
}

/** Silence while answers are awaited, after which the daemon is asked whether it lives. */
const QUIET_MS = 3_000
const PROOF_MS = 5_000
const RETRY_MS = [50, 100, 200, 500, 1_000, 2_000]
/** Messages without an answer that wait for a connection. */
const MAX_WAITING = 100

export class McpLink {
  readonly #options: McpLinkOptions
  readonly #pending = new Map<string, Pending>()
  readonly #waiting: Buffer[] = []
  #initialize: Buffer | null = null
  #holder: string | null = null
  #peer: Peer | null = null
  #isConnecting = false
  #isStopped = false
  #isClosed = false
  #ready: PromiseWithResolvers<Peer> | null = null
  /** The connection on which the daemon has opened the server. */
  #opened: Peer | null = null
  #isPaused = false
  #heardAt = 0
  #watch: NodeJS.Timeout | null = null
  #receipts: number[] = []

  constructor(options: McpLinkOptions) {
    this.#options = options
  }

  /** Requests without an answer. */
  get pending(): number {
    return this.#pending.size
  }

  /** A message of the host. */
  send(line: Buffer, envelope: Envelope): void {
    const { id, kind } = envelope
    if (kind === 'request' && id !== null) {
      if (this.#pending.has(id)) {
        return this.#deliver(errorAnswer(id, -32_600, `a request with the id ${id} is under way already`))
      }
      this.#pending.set(id, { line, wasSent: false })
      if (envelope.method === 'initialize') this.#initialize = line
    } else if (envelope.requestId !== null && envelope.method === 'notifications/cancelled') {
      this.#pending.delete(textOf(line, envelope.requestId))
    }
    this.#isStopped = false
    if (this.#peer !== null) return this.#write(this.#peer, line, id)
    if (kind !== 'request' && this.#waiting.length < MAX_WAITING) this.#waiting.push(line)
    this.connect()
  }

  /** Connects, unless it is connected or about to be. */
  connect(): void {
    if (this.#peer !== null || this.#isClosed || this.#isConnecting) return
    this.#isConnecting = true
    void this.#connect().finally(() => {
      this.#isConnecting = false
      // What came while the connection failed.
      if (this.#peer === null && this.#pending.size > 0 && !this.#isStopped) this.connect()
    })
  }

  /** Connected, and the daemon has opened the server. Rejects with what stands in the way. */
  ready(): Promise<Peer> {
    if (this.#peer !== null && this.#peer === this.#opened) return Promise.resolve(this.#peer)
    this.#ready ??= Promise.withResolvers<Peer>()
    this.connect()
    return this.#ready.promise
  }

  /** Stops reading from the daemon, until `resume`. */
  pause(): void {
    this.#isPaused = true
    this.#peer?.wire.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#peer?.wire.resume()
  }

  /** Leaves: what is under way is cancelled at the server. */
  close(): void {
    this.#isClosed = true
    if (this.#watch !== null) clearInterval(this.#watch)
    const peer = this.#peer
    if (peer === null) return
    this.#flushReceipts(peer)
    peer.request(mcpClose, { downstream: this.#options.downstream }).catch(() => {
      // The daemon notices by itself that the connection is gone.
    })
    peer.close()
  }

  async #connect(): Promise<void> {
    for (let attempt = 0; !this.#isClosed; attempt++) {
      try {
        return await this.#open(await this.#options.dial())
      } catch (error) {
        const isPassing = isWireError(error) && error.retryable
        const wait = RETRY_MS[attempt]
        if (!isPassing || wait === undefined) return this.#failAll(error)
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }

  async #open(socket: Socket): Promise<void> {
    const peer = new Peer(socket)
    const leaving = { reason: '' }
    peer.onNotice(leavingNotice, ({ reason }) => {
      leaving.reason = reason
      peer.close()
    })
    peer.onRaw(mcpFrameHeads.message, (line) => this.#take(peer, line))
    void peer.closed.then(() => this.#lost(peer, leaving.reason))
    const pending = [...this.#pending.values()]
    // The frames go out together; the daemon does not forward any before it has opened.
    const opening = peer.request(mcpOpen, {
      downstream: this.#options.downstream,
      server: this.#options.server,
      project: this.#options.directory,
      pending: pending.map(({ line }) => messageOf(line)),
      ...(this.#initialize === null ? {} : { initialize: messageOf(this.#initialize) }),
      ...this.#holderOf(pending),
    })
    for (const each of pending) each.wasSent = true
    this.#peer = peer
    for (const line of this.#waiting.splice(0)) this.#write(peer, line, null)
    try {
      const opened = await opening
      this.#holder = opened.holder ?? null
      this.#opened = peer
      this.#ready?.resolve(peer)
      this.#ready = null
      this.#heardAt = performance.now()
      this.#watch ??= setInterval(() => this.#prove(), QUIET_MS)
      this.#watch.unref()
    } catch (error) {
      if (this.#peer === peer) this.#peer = null
      peer.destroy()
      throw error
    }
  }

  /** Who may have taken what is pending. A daemon that never answered may have given it to a keeper that we cannot name. */
  #holderOf(pending: readonly Pending[]): { holder?: string } {
    if (this.#holder !== null) return { holder: this.#holder }
    return pending.some((each) => each.wasSent) ? { holder: 'unknown' } : {}
  }

  #write(peer: Peer, line: Buffer, id: string | null): void {
    peer.sendRaw(mcpSendLine(this.#options.downstream, line))
    const pending = id === null ? undefined : this.#pending.get(id)
    if (pending !== undefined) pending.wasSent = true
  }

  #take(peer: Peer, line: Buffer): boolean {
    const frame = readMcpFrame(line, mcpFrameHeads.message)
    if (frame === null) return false
    this.#heardAt = performance.now()
    const { message, receipt } = frame
    const taken = (): void => {
      if (receipt !== null && this.#peer === peer) this.#receive(peer, receipt)
    }
    const envelope = readEnvelope(message)
    // An answer that nobody waits for is one that was cancelled, or a second one.
    const isUnwanted =
      envelope?.kind === 'response' && envelope.id !== 'null' && !this.#pending.delete(envelope.id ?? '')
    if (envelope === null || isUnwanted) taken()
    else this.#options.deliver(message, taken)
    return true
  }

  #receive(peer: Peer, receipt: number): void {
    this.#receipts.push(receipt)
    if (this.#receipts.length === 1) setImmediate(() => this.#flushReceipts(peer))
  }

  #flushReceipts(peer: Peer): void {
    const receipts = this.#receipts.splice(0)
    if (receipts.length > 0) peer.notify(mcpReceived, { downstream: this.#options.downstream, receipts })
  }

  #lost(peer: Peer, reason: string): void {
    if (this.#peer !== peer) return
    this.#peer = null
    this.#receipts = []
    if (this.#isClosed) return
    if (reason !== 'down') return this.connect()
    // It was stopped on purpose: it is not started again before the host wants something.
    this.#isStopped = true
    this.#failAll(new Error('Holdfast was stopped (`holdfast down`)'))
  }

  /** A daemon that is silent while answers are awaited has to show that it lives; else the next one is looked for. */
  #prove(): void {
    const peer = this.#peer
    if (peer === null || this.#isPaused || this.#pending.size === 0 || performance.now() - this.#heardAt < QUIET_MS)
      return
    peer.request(daemonStatus, {}, { timeoutMs: PROOF_MS }).then(
      () => (this.#heardAt = performance.now()),
      (error: unknown) => {
        if (isWireError(error) && error.code === 'timeout') peer.destroy()
      },
    )
  }

  #failAll(error: unknown): void {
    this.#ready?.reject(error)
    this.#ready = null
    const why = error instanceof Error ? error.message : String(error)
    const hint = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined
    for (const [id, { wasSent }] of this.#pending) {
      this.#pending.delete(id)
      const mayHaveRun = wasSent && this.#holder !== null
      const text = mayHaveRun ? `${why}; the call may have run` : why
      this.#deliver(errorAnswer(id, -32_000, text, { mayHaveRun, ...(hint === undefined ? {} : { hint }) }))
    }
    this.#waiting.length = 0
  }

  #deliver(message: Buffer): void {
    this.#options.deliver(message, () => undefined)
  }
}
