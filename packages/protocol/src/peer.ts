// JSON-RPC 2.0 both ways over one connection. Keeps: each request is answered exactly once; what arrives is parsed by schema
// before anyone sees it; nothing that arrives can throw; a reader that does not read slows only itself.
import type { Duplex } from 'node:stream'
import * as v from 'valibot'
import type { Method, Notice } from './contract/method.ts'
import type { OversizedFrame } from './frame/lines.ts'
import type { MessageId } from './frame/message-id.ts'
import { formatError, formatNotice, formatRequest, formatResult, parseMessage, type Message } from './message.ts'
import { OutgoingRequests, type RequestOptions } from './outgoing-requests.ts'
import { parseBy } from './parse.ts'
import { peerDefaults, type PeerOptions, type PeerSettings } from './peer-options.ts'
import { protocolError, toWireError, type WireError } from './wire-error.ts'
import { lineCodec, Wire, type Outgoing } from './wire.ts'

export interface HandlerContext {
  /** Aborted when the caller cancels or its connection is gone. */
  readonly signal: AbortSignal
  readonly peer: Peer
}

/** `slow`: sent, but wait for `drained()` before sending more. `closed`: not sent. */
export type Sent = 'sent' | 'slow' | 'closed'

type RequestHandler = (params: unknown, context: HandlerContext) => unknown
type NoticeHandler = (params: unknown) => unknown

const MAX_GARBAGE = 16
const CANCEL = '$/cancel'
const CancelParams = v.object({ id: v.union([v.string(), v.number()]) })

export class Peer {
  /** Resolves, with the cause if there is one, when the connection is gone. */
  readonly closed: Promise<Error | null>
  readonly wire: Wire
  readonly #options: PeerSettings
  readonly #handlers = new Map<string, RequestHandler>()
  readonly #notices = new Map<string, NoticeHandler[]>()
  readonly #raw: { readonly prefix: Buffer; readonly handler: (message: Buffer) => boolean }[] = []
  readonly #incoming = new Map<MessageId, AbortController>()
  readonly #outgoing: OutgoingRequests
  readonly #resolveClosed: (cause: Error | null) => void
  #drained: { promise: Promise<void>; resolve(): void } | null = null
  #isPaused = false
  #isClosed = false
  #garbage = 0

  /** Register handlers before the event loop turns: reading starts then. */
  constructor(socket: Duplex, options: PeerOptions = {}) {
    this.#options = { ...peerDefaults, ...options }
    this.wire = new Wire(socket, options.codec ?? lineCodec())
    const closed = Promise.withResolvers<Error | null>()
    this.closed = closed.promise
    this.#resolveClosed = closed.resolve
    const { maxPending, timers } = this.#options
    this.#outgoing = new OutgoingRequests({ maxPending, timers, cancel: (id) => this.#cancelThere(id) })
    this.wire.open({
      message: (bytes) => this.#receive(bytes),
      oversized: (frame) => this.#receiveOversized(frame),
      drained: () => this.#onDrained(),
      closed: (cause) => this.#onClosed(cause),
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Bytes that the other side has not read yet. */
  get queuedBytes(): number {
    return this.wire.queuedBytes
  }

  /** Own requests without an answer. */
  get pendingRequests(): number {
    return this.#outgoing.size
  }

  /**
   * Sends a request. Rejects with a WireError: the other side's own, or `cancelled`, `timeout`, `connection-lost`, `overloaded`,
   * `too-large`, `bad-result`; its `handedOver` says whether the other side may have got the request.
   */
  request<P, R>(method: Method<P, R>, params: P, options: RequestOptions = {}): Promise<R> {
    if (this.#isClosed) return Promise.reject(lostBefore(method.name))
    if (this.queuedBytes > this.#options.maxQueuedBytes) return Promise.reject(tooSlow(method.name))
    return this.#outgoing.add(method, options, {
      encode: (id) => this.#encode(formatRequest(id, method.name, params), method.name),
      send: (message) => this.wire.send(message),
    })
  }

  /** Sends a message that is not answered. Throws `too-large`. */
  notify<P>(notice: Notice<P>, params: P): Sent {
    if (this.#isClosed) return 'closed'
    this.#send(this.#encode(formatNotice(notice.name, params), notice.name))
    return this.wire.isFull ? 'slow' : 'sent'
  }

  /** Answers requests; the handler's error becomes the answer. One handler a method. */
  handle<P, R>(method: Method<P, R>, handler: (params: P, context: HandlerContext) => R | Promise<R>): void {
    if (this.#handlers.has(method.name)) throw new Error(`"${method.name}" has a handler already`)
    this.#handlers.set(method.name, (raw, context) =>
      handler(parseBy(method.params, raw, method.name, 'bad-params'), context),
    )
  }

  onNotice<P>(notice: Notice<P>, handler: (params: P) => void | Promise<void>): void {
    const handlers = this.#notices.get(notice.name) ?? []
    handlers.push((raw) => handler(parseBy(notice.params, raw, notice.name, 'bad-params')))
    this.#notices.set(notice.name, handlers)
  }

  /** Takes messages that begin with these bytes as they are, for payloads that only pass through. `false`: it is none of those. */
  onRaw(prefix: string, handler: (message: Buffer) => boolean): void {
    this.#raw.push({ prefix: Buffer.from(prefix), handler })
  }

  /** Sends one frame that is already written as the codec would write it. */
  sendRaw(frame: Buffer): Sent {
    if (this.#isClosed) return 'closed'
    this.#send({ data: frame, handedOver: false, isWithdrawn: false })
    return this.wire.isFull ? 'slow' : 'sent'
  }

  /** Resolves when the other side has read enough to be sent more, or is gone. */
  drained(): Promise<void> {
    if (this.#isClosed || !this.wire.isFull) return Promise.resolve()
    this.#drained ??= Promise.withResolvers<void>()
    return this.#drained.promise
  }

  /** Ends the connection after what was sent is taken. */
  close(): void {
    this.wire.end()
  }

  /** Ends the connection now; what waits is lost. */
  destroy(cause?: Error): void {
    this.wire.destroy(cause)
  }

  #receive(bytes: Buffer): void {
    if (bytes.length === 0 || this.#isClosed) return
    for (const { prefix, handler } of this.#raw) {
      if (bytes.length > prefix.length && prefix.compare(bytes, 0, prefix.length) === 0 && handler(bytes)) return
    }
    this.#dispatch(parseMessage(bytes))
  }

  #dispatch(message: Message): void {
    switch (message.kind) {
      case 'request':
        this.#onRequest(message.id, message.method, message.params)
        return
      case 'notice':
        this.#onNoticeMessage(message.method, message.params)
        return
      case 'result':
        this.#outgoing.resolve(message.id, message.result)
        return
      case 'error':
        if (message.id !== null) this.#outgoing.reject(message.id, message.error)
        else this.#onGarbage(message.error)
        return
      case 'bad': {
        const error = protocolError(message.code, `a message was not understood: ${message.why}`)
        this.#answerError(message.id, error)
        this.#onGarbage(error)
      }
    }
  }

  #receiveOversized(frame: OversizedFrame): void {
    const limit = this.wire.codec.limitBytes
    const error = protocolError('too-large', `a message of ${frame.bytes} bytes is over the limit of ${limit} bytes`)
    if (frame.kind === 'response' && frame.id !== undefined) this.#outgoing.reject(frame.id, error)
    else if (frame.id !== undefined) this.#answerError(frame.id, error)
    else this.#onGarbage(error)
  }

  #onRequest(id: MessageId, name: string, params: unknown): void {
    const handler = this.#handlers.get(name)
    if (handler === undefined) {
      this.#answerError(id, protocolError('unknown-method', `method "${name}" is not known here`))
      return
    }
    if (this.#incoming.has(id)) {
      this.#answerError(
        id,
        protocolError('bad-request', `a request with the id ${JSON.stringify(id)} is in work already`),
      )
      return
    }
    if (this.#incoming.size >= this.#options.maxConcurrent) {
      const limit = this.#options.maxConcurrent
      this.#answerError(id, protocolError('overloaded', `${limit} requests of this connection are in work already`))
      return
    }
    const abort = new AbortController()
    this.#incoming.set(id, abort)
    try {
      const result = handler(params, { signal: abort.signal, peer: this })
      if (!(result instanceof Promise)) this.#finish(id, result)
      else result.then((value) => this.#finish(id, value)).catch((error: unknown) => this.#fail(id, error))
    } catch (error) {
      this.#fail(id, error)
    }
  }

  #finish(id: MessageId, result: unknown): void {
    const answer = this.#encode(formatResult(id, result), 'the answer')
    this.#incoming.delete(id)
    this.#send(answer)
  }

  #fail(id: MessageId, thrown: unknown): void {
    this.#incoming.delete(id)
    const error = toWireError(thrown)
    if (error.kind === 'internal') this.#options.report(error)
    this.#answerError(id, error)
  }

  #onNoticeMessage(name: string, params: unknown): void {
    if (name === CANCEL) {
      const cancel = v.safeParse(CancelParams, params)
      if (cancel.success)
        this.#incoming.get(cancel.output.id)?.abort(protocolError('cancelled', 'the caller cancelled'))
      return
    }
    for (const handler of this.#notices.get(name) ?? []) {
      try {
        const result = handler(params)
        if (result instanceof Promise) result.catch((error: unknown) => this.#options.report(toWireError(error)))
      } catch (error) {
        this.#options.report(toWireError(error))
      }
    }
  }

  #onGarbage(error: WireError): void {
    this.#options.report(error)
    if (++this.#garbage >= MAX_GARBAGE) this.wire.destroy(error)
  }

  #answerError(id: MessageId | null, error: WireError): void {
    this.#send({ data: this.wire.codec.encode(formatError(id, error)), handedOver: false, isWithdrawn: false })
  }

  #cancelThere(id: MessageId): void {
    if (!this.#isClosed) this.#send(this.#encode(formatNotice(CANCEL, { id }), CANCEL))
  }

  #encode(text: string, what: string): Outgoing {
    const { limitBytes } = this.wire.codec
    // UTF-8 has at most three bytes for each UTF-16 unit; counting exactly is only needed near the limit.
    if (text.length * 3 > limitBytes) {
      const bytes = Buffer.byteLength(text)
      if (bytes > limitBytes) {
        throw protocolError('too-large', `"${what}" has ${bytes} bytes; the limit is ${limitBytes} bytes`, {
          handedOver: false,
        })
      }
    }
    return { data: this.wire.codec.encode(text), handedOver: false, isWithdrawn: false }
  }

  /** For what cannot be refused: a reader that lets too much of it wait loses its connection, and can come back. */
  #send(message: Outgoing): void {
    this.wire.send(message)
    if (!this.wire.isFull) return
    if (this.queuedBytes > this.#options.maxQueuedBytes * 2) {
      this.wire.destroy(protocolError('overloaded', `the other side left ${this.queuedBytes} bytes unread`))
    } else if (this.#options.pausesWhenFull && !this.#isPaused) {
      this.#isPaused = true
      this.wire.pause()
    }
  }

  #onDrained(): void {
    if (this.#isPaused) {
      this.#isPaused = false
      this.wire.resume()
    }
    this.#drained?.resolve()
    this.#drained = null
  }

  #onClosed(cause: Error | null): void {
    this.#isClosed = true
    this.#outgoing.rejectAll(cause)
    const gone = protocolError('connection-lost', 'the caller is gone', { cause })
    for (const abort of this.#incoming.values()) abort.abort(gone)
    this.#incoming.clear()
    this.#drained?.resolve()
    this.#drained = null
    this.#resolveClosed(cause)
  }
}

function lostBefore(name: string): WireError {
  return protocolError('connection-lost', `"${name}" was not sent: the connection is closed`, { handedOver: false })
}

function tooSlow(name: string): WireError {
  return protocolError('overloaded', `"${name}" was not sent: the other side does not read`, { handedOver: false })
}
