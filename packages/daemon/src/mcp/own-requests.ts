// Requests that the daemon itself makes of servers: the handshake, and lists of tools.
import type { ChildExit } from '@holdfast/keeper'
import { valueOf } from '@holdfast/protocol'
import * as v from 'valibot'
import type { Child, Incoming } from './child.ts'
import { McpError } from './errors.ts'
import type { McpPorts } from './ports.ts'
import { OWN, upstreamTag } from './upstream-id.ts'

/** Never settled while the child lives: whoever gives it again is told that it was taken. */
export const INITIALIZE = '"initialize"'
export const INITIALIZED_TAG = upstreamTag(OWN, '"initialized"')
export const INITIALIZE_TAG = upstreamTag(OWN, INITIALIZE)

export interface OwnRequest {
  readonly method: string
  readonly params: unknown
  readonly timeoutMs: number
}

/** What a server answered; the caller says when it is done with. */
export interface OwnReply {
  readonly result: unknown
  readonly done: () => void
}

interface Waiter {
  readonly method: string
  readonly child: Child
  resolve(reply: OwnReply): void
  reject(error: Error): void
}

const RpcFailure = v.looseObject({ error: v.looseObject({ code: v.number(), message: v.string() }) })

/** A server answered with a JSON-RPC error. */
export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal'
  readonly rpcCode: number

  constructor(rpcCode: number, message: string) {
    super(message)
    this.rpcCode = rpcCode
  }
}

/** From the end of a server's input to the word that it has exited. */
const CLOSING_MS = 2_000

export class OwnRequests {
  readonly #ports: McpPorts
  readonly #waiters = new Map<string, Waiter>()
  #count = 0

  constructor(ports: McpPorts) {
    this.#ports = ports
  }

  /** Rejects with `mcp-timeout`, `mcp-server-died`, or a ServerRefusal. */
  async ask(
    child: Child,
    request: OwnRequest,
    original = JSON.stringify(`${this.#ports.epoch}.${++this.#count}`),
  ): Promise<OwnReply> {
    const tag = upstreamTag(OWN, original)
    const key = `${child.id} ${original}`
    const reply = Promise.withResolvers<OwnReply>()
    this.#waiters.set(key, { method: request.method, child, resolve: reply.resolve, reject: reply.reject })
    const timer = this.#ports.clock.setTimer(request.timeoutMs, () =>
      reply.reject(new McpError('mcp-timeout', timedOut(child, request))),
    )
    const frame = { jsonrpc: '2.0', id: tag, method: request.method, params: request.params }
    try {
      if (child.hasEnded) throw endedBefore(child, child.exit, request.method)
      const taken = await Promise.race([child.send(tag, Buffer.from(JSON.stringify(frame))), reply.promise])
      // Most often it is ending: how it ended says more.
      if (taken === 'gone') await Promise.race([reply.promise, this.#ports.clock.sleep(CLOSING_MS)])
      if (taken === 'gone')
        throw new McpError('mcp-server-died', `server "${child.origin.server}" has closed its input`)
      return await reply.promise
    } finally {
      reply.promise.catch(() => undefined)
      timer.cancel()
      this.#waiters.delete(key)
      if (original !== INITIALIZE) child.settle(tag)
    }
  }

  reply(child: Child, original: string, { line, envelope, end }: Incoming): void {
    const waiter = this.#waiters.get(`${child.id} ${original}`)
    if (waiter === undefined) {
      if (original !== INITIALIZE) child.settle(upstreamTag(OWN, original))
      return child.done(end)
    }
    if (envelope.result !== null) {
      const result = valueOf(line, envelope.result)
      return waiter.resolve({ result, done: () => child.done(end) })
    }
    child.done(end)
    const failure = v.safeParse(RpcFailure, JSON.parse(line.toString()))
    const { code, message } = failure.success
      ? failure.output.error
      : { code: 0, message: 'an error without a message' }
    waiter.reject(new ServerRefusal(code, `server "${child.origin.server}" answered ${waiter.method} with: ${message}`))
  }

  ended(child: Child, exit: ChildExit | null): void {
    for (const waiter of this.#waiters.values()) {
      if (waiter.child === child) waiter.reject(endedBefore(child, exit, waiter.method))
    }
  }
}

function endedBefore(child: Child, exit: ChildExit | null, method: string): McpError {
  return new McpError('mcp-server-died', `${endOf(child, exit)} before it answered ${method}`)
}

/** How a child ended, as the beginning of a sentence. */
export function endOf(child: Child, exit: ChildExit | null): string {
  const server = `server "${child.origin.server}"`
  if (exit === null) return `${server} closed its output`
  if (exit.signal !== null) return `${server} was ended by ${exit.signal}`
  return `${server} ended with exit code ${exit.code ?? 'unknown'}`
}

function timedOut(child: Child, { method, timeoutMs }: OwnRequest): string {
  return `server "${child.origin.server}" did not answer ${method} within ${timeoutMs} ms`
}
