// Requests that wait for their answer. Each is settled exactly once: by its answer, its signal, its deadline or the end of
// the connection; an answer that comes later finds nobody and is dropped.
import type { Method } from './contract/method.ts'
import type { MessageId } from './frame/message-id.ts'
import { parseBy } from './parse.ts'
import type { Timers } from './timers.ts'
import { protocolError, type WireError } from './wire-error.ts'
import type { Outgoing } from './wire.ts'

export interface RequestOptions {
  /** Cancels the request, here and at the other side. */
  readonly signal?: AbortSignal
  /** Rejects with `timeout` after this long, and cancels at the other side. */
  readonly timeoutMs?: number
}

interface Pending {
  readonly name: string
  readonly message: Outgoing
  resolve(raw: unknown): void
  reject(error: WireError): void
  release(): void
}

interface Out {
  encode(id: MessageId): Outgoing
  send(message: Outgoing): void
}

interface Parts {
  readonly maxPending: number
  readonly timers: Timers
  readonly cancel: (id: MessageId) => void
}

export class OutgoingRequests {
  readonly #parts: Parts
  readonly #pending = new Map<MessageId, Pending>()
  #lastId = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#pending.size
  }

  /** Registers a request, then sends it: over some transports the answer comes before `send` returns. */
  add<P, R>(method: Method<P, R>, options: RequestOptions, out: Out): Promise<R> {
    const { maxPending } = this.#parts
    const { name } = method
    if (options.signal?.aborted === true) return Promise.reject(cancelled(name, false))
    if (this.#pending.size >= maxPending) {
      const message = `"${name}" was not sent: ${maxPending} requests wait for an answer already`
      return Promise.reject(protocolError('overloaded', message, { handedOver: false }))
    }
    const id = ++this.#lastId
    return new Promise<R>((resolve, reject) => {
      const message = out.encode(id)
      this.#pending.set(id, {
        name,
        message,
        resolve: (raw) => {
          try {
            resolve(parseBy(method.result, raw, name, 'bad-result'))
          } catch (error) {
            reject(error)
          }
        },
        reject,
        release: this.#watch(id, options),
      })
      out.send(message)
    })
  }

  resolve(id: MessageId, raw: unknown): void {
    this.#take(id)?.resolve(raw)
  }

  reject(id: MessageId, error: WireError): void {
    this.#take(id)?.reject(error)
  }

  rejectAll(cause: Error | null): void {
    for (const id of this.#pending.keys()) {
      const pending = this.#take(id)
      if (pending === undefined) continue
      const { handedOver } = pending.message
      const what = handedOver ? 'was sent, but the connection is lost' : 'was not sent: the connection is lost'
      pending.reject(protocolError('connection-lost', `"${pending.name}" ${what}`, { handedOver, cause }))
    }
  }

  /** Starts the timer and listens to the signal; gives back how to stop both. */
  #watch(id: MessageId, { signal, timeoutMs }: RequestOptions): () => void {
    if (signal === undefined && timeoutMs === undefined) return nothing
    const onAbort = (): void => this.#giveUp(id, cancelled)
    signal?.addEventListener('abort', onAbort, { once: true })
    const onTimeout = (): void => this.#giveUp(id, (name, handedOver) => timedOut(name, handedOver, timeoutMs ?? 0))
    const timer = timeoutMs === undefined ? undefined : this.#parts.timers.setTimer(timeoutMs, onTimeout)
    return () => {
      signal?.removeEventListener('abort', onAbort)
      timer?.cancel()
    }
  }

  #giveUp(id: MessageId, errorOf: (name: string, handedOver: boolean) => WireError): void {
    const pending = this.#take(id)
    if (pending === undefined) return
    const { handedOver } = pending.message
    if (handedOver) this.#parts.cancel(id)
    else pending.message.isWithdrawn = true
    pending.reject(errorOf(pending.name, handedOver))
  }

  #take(id: MessageId): Pending | undefined {
    const pending = this.#pending.get(id)
    if (pending === undefined) return undefined
    this.#pending.delete(id)
    pending.release()
    return pending
  }
}

function nothing(): void {
  // Nothing was started.
}

function cancelled(name: string, handedOver: boolean): WireError {
  return protocolError('cancelled', `"${name}" was cancelled`, { handedOver })
}

function timedOut(name: string, handedOver: boolean, timeoutMs: number): WireError {
  return protocolError('timeout', `"${name}" got no answer within ${timeoutMs} ms`, { handedOver })
}
