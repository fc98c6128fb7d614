// One server process: its lines in and out, and what of its output is done with. Knows the keeper, but neither hosts nor routes.
// Keeps: output is acknowledged in order and only when every line before is done with; a request is given to the keeper under
// its tag, so that it reaches the server at most once whatever connection is lost.
import type { ChildExit, HeldChild, InputResult, KeeperClient } from '@holdfast/keeper'
import { errnoOf, type Timer } from '@holdfast/lifecycle'
import { type Envelope, LineSplitter, type OversizedFrame, readEnvelope } from '@holdfast/protocol'
import { errorFrame, RPC } from './errors.ts'
import type { InitializeResult } from './negotiate.ts'
import { OutputLedger } from './output-ledger.ts'
import type { McpPorts } from './ports.ts'

export const FRAME_LIMIT_BYTES = 64 * 1024 * 1024
const KEPT_NOISE = 5
const NOISE_LENGTH = 200
const FLUSH_MS = 10
const NEWLINE = Buffer.from('\n')

/** Where a child comes from; kept in its label, so that the next daemon knows. */
export interface ChildOrigin {
  readonly server: string
  readonly project: string
  /** Names the command, folder and environment: another configuration is another child. */
  readonly fingerprint: string
  /** What hosts of this child can do. */
  readonly capabilities: string
  /** The one downstream that it serves; empty when it is shared. */
  readonly downstream: string
}

export interface ChildEvents {
  /** Whoever takes the line calls `done(end)` on the child when it is done with. */
  message(child: Child, message: Incoming): void
  ended(child: Child, exit: ChildExit | null): void
}

export interface Incoming {
  readonly line: Buffer
  readonly envelope: Envelope
  readonly end: number
}

export class Child {
  readonly id: string
  readonly pid: number
  readonly startedAt: string
  readonly origin: ChildOrigin
  readonly holder: string
  /** Requests that the server may have and that are not settled. */
  readonly openTags: Set<string>
  initialized: InitializeResult | null = null
  hasEnded = false
  exit: ChildExit | null = null
  /** The last lines on stdout that were no messages. */
  readonly noise: string[] = []
  readonly #ports: McpPorts
  readonly #events: ChildEvents
  readonly #ledger = new OutputLedger()
  readonly #splitter: LineSplitter
  #position: number
  #received: number
  #ackTo = 0
  #settled: string[] = []
  #flush: Timer | null = null

  constructor(held: HeldChild, origin: ChildOrigin, context: { ports: McpPorts; events: ChildEvents; holder: string }) {
    this.id = held.id
    this.pid = held.pid
    this.startedAt = held.startedAt
    this.origin = origin
    this.holder = context.holder
    this.openTags = new Set(held.openTags)
    this.#ports = context.ports
    this.#events = context.events
    this.#position = held.ackedOffset
    this.#received = held.ackedOffset
    this.#splitter = new LineSplitter(FRAME_LIMIT_BYTES, {
      line: (line) => this.#onLine(line),
      oversized: (frame) => this.#onOversized(frame),
    })
  }

  /** Reads the child's output from where this daemon stands; resolves when the keeper has agreed. */
  async attach(keeper: KeeperClient): Promise<void> {
    await keeper.attach(this.id, this.#received, {
      data: (offset, bytes) => this.#onData(offset, bytes),
      end: (exit) => this.#onEnd(exit),
    })
    void keeper.closed.then(() => this.#attachAgain())
  }

  /** Gives one message to the server. Rejects with `keeper-gone` when the keeper that holds it is gone for good. */
  async send(tag: string | null, message: Buffer): Promise<InputResult> {
    if (tag !== null) this.openTags.add(tag)
    const frame = Buffer.concat([message, NEWLINE])
    const connected = this.#ports.keeper.current()
    try {
      if (connected !== null) return await connected.input(this.id, tag, frame)
    } catch (error) {
      // The connection went while it was sent: the tag tells the same keeper whether it has the frame.
      if (errnoOf(error) !== 'keeper-gone' || tag === null) throw error
    }
    const keeper = await this.#ports.keeper.use()
    return keeper.instance === this.holder ? keeper.input(this.id, tag, frame) : 'gone'
  }

  /** The line that ends at `end` needs no keeping any more. */
  done(end: number): void {
    const freed = this.#ledger.done(end)
    if (freed === null) return
    this.#ackTo = freed
    this.#flushSoon()
  }

  /** The request is over: the keeper may forget that it took it. */
  settle(tag: string): void {
    if (!this.openTags.delete(tag)) return
    this.#settled.push(tag)
    this.#flushSoon()
  }

  /** Nothing of it is awaited by anyone. */
  get isSpent(): boolean {
    return this.hasEnded && this.openTags.size === 0 && this.#ledger.openLines === 0
  }

  flush(): void {
    this.#flush?.cancel()
    this.#flush = null
    const keeper = this.#ports.keeper.current()
    if (keeper === null || keeper.instance !== this.holder) return
    const hadSettled = this.#settled.length > 0
    if (hadSettled) keeper.settle(this.id, this.#settled)
    this.#settled = []
    if (this.#ackTo > 0) keeper.ack(this.id, this.#ackTo)
    this.#ackTo = 0
    if (hadSettled) this.#ports.failpoint('mcp.releasing')
  }

  /** The keeper died, and the child with it. */
  lose(): void {
    this.#onEnd(null)
  }

  #flushSoon(): void {
    this.#flush ??= this.#ports.clock.setTimer(FLUSH_MS, () => this.flush())
  }

  async #attachAgain(): Promise<void> {
    if (this.hasEnded) return
    try {
      const keeper = await this.#ports.keeper.use()
      if (keeper.instance === this.holder && !this.hasEnded) await this.attach(keeper)
    } catch (error) {
      this.#ports.log.warn('a server could not be attached to again', { child: this.id, error: String(error) })
    }
  }

  #onData(offset: number, bytes: Buffer): void {
    // What was received before a connection was lost may come again.
    const known = this.#received - offset
    if (known >= bytes.length) return
    this.#received = offset + bytes.length
    this.#splitter.push(known > 0 ? bytes.subarray(known) : bytes)
    // The beginning of a line that is too long anyway is not kept.
    if (this.#splitter.pendingBytes <= FRAME_LIMIT_BYTES) return
    this.#ledger.open(this.#received)
    this.done(this.#received)
  }

  #onLine(line: Buffer): void {
    const envelope = readEnvelope(line)
    if (envelope === null) return this.#skip(line.length, line.toString('utf8', 0, NOISE_LENGTH))
    const end = this.#advance(line.length)
    this.#events.message(this, { line, envelope, end })
  }

  /** An answer that is too long is one that says so. */
  #onOversized({ bytes, id, kind }: OversizedFrame): void {
    const message = `server "${this.origin.server}" sent a message of ${bytes} bytes; the limit is ${FRAME_LIMIT_BYTES}`
    const line = errorFrame({ id: JSON.stringify(id ?? null), code: RPC.failed, message })
    const envelope = kind === 'response' && id !== undefined ? readEnvelope(line) : null
    if (envelope === null) return this.#skip(bytes, message)
    this.#events.message(this, { line, envelope, end: this.#advance(bytes) })
  }

  #skip(bytes: number, text: string): void {
    const end = this.#advance(bytes)
    if (text.trim() !== '') {
      this.noise.push(text.trim())
      if (this.noise.length > KEPT_NOISE) this.noise.shift()
    }
    this.done(end)
  }

  #advance(bytes: number): number {
    this.#position += bytes + 1
    this.#ledger.open(this.#position)
    return this.#position
  }

  #onEnd(exit: ChildExit | null): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.exit = exit
    this.#events.ended(this, exit)
  }
}
