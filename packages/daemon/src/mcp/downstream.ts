// One MCP client as the daemon knows it: what it asked, what it has not confirmed yet, and its connection while there is one.
// Keeps: each of its requests is answered once; what was sent to it is kept until it says that it has it.
import type { Envelope } from '@holdfast/protocol'
import type { Child, Incoming } from './child.ts'
import { type Host, plainHost } from './negotiate.ts'
import type { DownstreamLink } from './ports.ts'
import { upstreamTag } from './upstream-id.ts'

/** A request that has no answer yet. */
export interface Call {
  /** JSON text of the host's id. */
  readonly original: string
  readonly tag: string
  readonly method: string
  readonly line: Buffer
  readonly envelope: Envelope
  /** Who was given it, or (after a daemon's death) may have been. Null: nobody yet. */
  child: Child | null
  /** It has shown progress, or asked the host something. */
  hasActed: boolean
}

/** A message of the host's that waits for its server. */
export interface Waiting {
  readonly line: Buffer
  readonly envelope: Envelope
}

interface Sent {
  readonly message: Buffer
  /** Set on an answer: the id that it answers. */
  readonly answers: string | null
  readonly done: () => void
}

export class Downstream {
  readonly id: string
  readonly calls = new Map<string, Call>()
  readonly waiting: Waiting[] = []
  /** Requests of servers that the host has not answered. */
  readonly asked = new Map<string, Child>()
  readonly subscriptions = new Set<string>()
  /** Of one that has not come back after a daemon's death: what its server said meanwhile. */
  readonly held: { readonly child: Child; readonly message: Incoming }[] = []
  server = ''
  project = ''
  host: Host = plainHost
  hasSaidHello = false
  child: Child | null = null
  link: DownstreamLink | null = null
  /** False while it is opened, and after a daemon's death until it comes back. */
  isOpen = false
  isStarting = false
  #receipts = 0
  #callBytes = 0
  readonly #outbox = new Map<number, Sent>()

  constructor(id: string) {
    this.id = id
  }

  get callBytes(): number {
    return this.#callBytes
  }

  /** Whether anything is under way for it. */
  get isBusy(): boolean {
    return this.calls.size > 0 || this.#outbox.size > 0
  }

  addCall(line: Buffer, envelope: Envelope & { id: string; method: string }): Call {
    const { id: original, method } = envelope
    const tag = upstreamTag(this.id, original)
    const call = { original, tag, method, line, envelope, child: null, hasActed: false }
    this.calls.set(original, call)
    this.#callBytes += line.length
    return call
  }

  removeCall(original: string): Call | null {
    const call = this.calls.get(original)
    if (call === undefined) return null
    this.calls.delete(original)
    this.#callBytes -= call.line.length
    return call
  }

  /** `done` is called when the host has it, or never will. */
  deliver(message: Buffer, answers: string | null, done: () => void): void {
    const receipt = ++this.#receipts
    this.#outbox.set(receipt, { message, answers, done })
    this.link?.send(message, receipt)
  }

  received(receipts: readonly number[]): void {
    for (const receipt of receipts) {
      const sent = this.#outbox.get(receipt)
      this.#outbox.delete(receipt)
      sent?.done()
    }
  }

  /** The host uses an id again, so it has the earlier answer. */
  confirmAnswerTo(original: string): void {
    if (this.#outbox.size === 0) return
    for (const [receipt, sent] of this.#outbox) if (sent.answers === original) this.received([receipt])
  }

  /** A connection was made again: sends once more what it cannot have. `awaits`: ids without an answer. */
  sendAgain(awaits: ReadonlySet<string>): void {
    for (const [receipt, sent] of this.#outbox) {
      if (sent.answers !== null && !awaits.has(sent.answers)) this.received([receipt])
      else this.link?.send(sent.message, receipt)
    }
  }

  hasAnswerFor(original: string): boolean {
    return [...this.#outbox.values()].some((sent) => sent.answers === original)
  }

  /** Nothing will be confirmed any more. Returns whether an answer was among it. */
  dropOutbox(): boolean {
    const hadAnswer = [...this.#outbox.values()].some((sent) => sent.answers !== null)
    this.received([...this.#outbox.keys()])
    return hadAnswer
  }
}
