// The traffic between downstreams and servers. Keeps (I11): each request of a host has exactly one answer, the server's or an
// error that says whether it may have run; it is given to a server again only when it cannot have run or may be repeated.
import { type Envelope, readEnvelope, valueOf } from '@holdfast/protocol'
import { type Child, FRAME_LIMIT_BYTES } from './child.ts'
import { type Call, Downstream, type Waiting } from './downstream.ts'
import { errorFrame, failureFrame, McpError, RPC } from './errors.ts'
import { evidenceOf } from './evidence.ts'
import { answerFrame, cancelFrame, giveUpFrame, requestFrame } from './from-host.ts'
import { fromServer, type ServerRoutes } from './from-server.ts'
import { GivenUp } from './given-up.ts'
import { readHost, revisionFor } from './negotiate.ts'
import { endOf } from './own-requests.ts'
import type { DownstreamLink, McpPorts } from './ports.ts'
import { isToolRepeatable, repeatable, resume } from './send-again.ts'
import { Servers } from './servers.ts'
import { isDownstreamId, OWN, routeOfTag } from './upstream-id.ts'

/** How long a client that is gone is expected back. */
export const GRACE_MS = 60_000
const MAX_CALLS = 1_000
const MAX_CALL_BYTES = 2 * FRAME_LIMIT_BYTES
const HINTS_TIMEOUT_MS = 10_000

export interface OpenRequest {
  readonly downstream: string
  readonly server: string
  /** Where the client stands. */
  readonly directory: string
  readonly pending: readonly Buffer[]
  readonly initialize: Buffer | null
  readonly holder: string | null
}

export class Exchange {
  readonly downstreams = new Map<string, Downstream>()
  readonly servers: Servers
  readonly #ports: McpPorts
  readonly #givenUp: GivenUp
  readonly #graces = new Map<Downstream, { cancel(): void }>()
  readonly #routes: ServerRoutes

  constructor(ports: McpPorts) {
    this.#ports = ports
    this.#givenUp = new GivenUp(ports.store, ports.clock)
    this.servers = new Servers(ports, {
      message: (child, message) => fromServer(this.#routes, child, message),
      ended: (child) => this.#childEnded(child),
    })
    this.#routes = {
      downstreams: this.downstreams,
      ownReply: (child, original, message) => this.servers.own.reply(child, original, message),
      changed: (child) => this.servers.toolsChanged(child),
      sendFailed: (child, error) =>
        this.#warn('a server could not be answered', { child: child.id, error: String(error) }),
    }
  }

  /** A client that an earlier daemon served: what is for it is kept until it comes back, or for the grace. */
  expect(id: string): void {
    if (id === OWN || this.downstreams.has(id)) return
    const expected = new Downstream(id)
    this.downstreams.set(id, expected)
    this.#startGrace(expected)
  }

  async open(request: OpenRequest, link: DownstreamLink): Promise<{ holder: string }> {
    if (!isDownstreamId(request.downstream)) {
      throw new McpError(
        'mcp-bad-downstream',
        `"${request.downstream}" cannot name a downstream: 1 to 64 letters, digits, "_" or "-"`,
      )
    }
    const to = this.downstreams.get(request.downstream) ?? new Downstream(request.downstream)
    this.downstreams.set(to.id, to)
    this.#graces.get(to)?.cancel()
    this.#graces.delete(to)
    to.link = link
    to.server = request.server
    if (request.initialize !== null) noteHost(to, request.initialize)
    const wasOpen = to.isOpen
    to.isOpen = false
    to.isStarting = true
    try {
      to.project = await this.#ports.project(request.directory)
      await this.servers.spec(request.server, to.project)
      const keeper = await this.#ports.keeper.use()
      const wasGivenUp = await this.#givenUp.has(to.id)
      this.#takeUp(to, request, { holder: keeper.instance, wasGivenUp, wasOpen })
      return { holder: keeper.instance }
    } catch (error) {
      for (const waiting of to.waiting.splice(0)) this.#refuse(to, waiting, error)
      if (to.link === link && to.held.length === 0) this.#dismiss(to, 'it could not be opened')
      else this.lost(to.id, link)
      throw error
    } finally {
      to.isStarting = false
      this.#forward(to)
    }
  }

  /** A message of the host. */
  send(id: string, line: Buffer): void {
    const from = this.downstreams.get(id)
    if (from === undefined || from.link === null) return
    const envelope = readEnvelope(line)
    if (envelope === null) {
      const message = 'this is not one JSON-RPC 2.0 message'
      return from.deliver(errorFrame({ id: 'null', code: RPC.invalid, message }), null, () => undefined)
    }
    const request = asRequest(envelope)
    if (request !== null) return this.#request(from, line, request)
    if (envelope.kind === 'notification' && envelope.requestId !== null) return this.#cancel(from, line, envelope)
    if (envelope.method === 'notifications/initialized') return
    if (from.child === null || from.child.hasEnded) return
    if (envelope.kind === 'notification') return this.#pass(from.child, line)
    const answer = answerFrame(line, envelope)
    if (answer?.childId !== from.child.id || answer.frame.includes(0x0a) || readEnvelope(answer.frame) === null) return
    from.asked.delete(answer.original)
    this.#pass(from.child, answer.frame)
  }

  received(id: string, receipts: readonly number[]): void {
    this.downstreams.get(id)?.received(receipts)
  }

  /** The client leaves: its work is cancelled. */
  close(id: string): void {
    const from = this.downstreams.get(id)
    if (from !== undefined) this.#dismiss(from, 'the client has left')
  }

  /** Its connection is gone; it may come back. */
  lost(id: string, link: DownstreamLink): void {
    const from = this.downstreams.get(id)
    if (from?.link !== link) return
    from.link = null
    this.#startGrace(from)
  }

  /** The keeper died with all children. */
  keeperLost(): void {
    for (const child of this.servers.children.values()) child.lose()
  }

  get isBusy(): boolean {
    return [...this.downstreams.values()].some((each) => each.isBusy)
  }

  /** Bounds what is remembered of clients that are gone. */
  prune(): Promise<void> {
    return this.#givenUp.prune()
  }

  stop(): void {
    for (const grace of this.#graces.values()) grace.cancel()
    for (const child of this.servers.children.values()) child.flush()
  }

  // -- requests of hosts

  #request(from: Downstream, line: Buffer, envelope: RequestEnvelope): void {
    const { id } = envelope
    if (from.calls.has(id)) {
      const message = `a request with the id ${id} is under way already; each request needs its own id`
      return from.deliver(errorFrame({ id, code: RPC.invalid, message }), null, () => undefined)
    }
    from.confirmAnswerTo(id)
    if (from.calls.size >= MAX_CALLS || from.callBytes + line.length > MAX_CALL_BYTES) {
      const error = new McpError(
        'mcp-not-delivered',
        `${from.calls.size} requests of this client are under way already`,
      )
      return from.deliver(failureFrame(id, error, false), id, () => undefined)
    }
    if (envelope.method === 'ping') return from.deliver(resultFrame(id, {}), id, () => undefined)
    if (envelope.method === 'initialize') noteHost(from, line)
    from.addCall(line, envelope)
    from.waiting.push({ line, envelope })
    this.#forward(from)
  }

  /** Sends what waits, once there is a server for it. */
  #forward(from: Downstream): void {
    if (from.isStarting || from.waiting.length === 0) return
    const { child } = from
    if (child === null || child.hasEnded || child.initialized === null) return void this.#bind(from)
    for (const { envelope } of from.waiting.splice(0)) {
      const call = envelope.id === null ? undefined : from.calls.get(envelope.id)
      if (call !== undefined && call.child === null) this.#give(from, call, child)
    }
  }

  async #bind(from: Downstream): Promise<void> {
    from.isStarting = true
    try {
      const { server, project, host, id: downstream } = from
      from.child = await this.servers.acquire({ server, project, host, downstream })
    } catch (error) {
      for (const waiting of from.waiting.splice(0)) this.#refuse(from, waiting, error)
    } finally {
      from.isStarting = false
      this.#forward(from)
    }
  }

  #refuse(from: Downstream, { envelope: { id } }: Waiting, error: unknown): void {
    if (id !== null && from.removeCall(id) !== null) from.deliver(failureFrame(id, error, false), id, () => undefined)
  }

  #give(from: Downstream, call: Call, child: Child): void {
    if (call.method === 'initialize' && child.initialized !== null) {
      from.removeCall(call.original)
      const protocolVersion = revisionFor(from.host.protocolVersion, child.initialized.protocolVersion)
      const answer = resultFrame(call.original, { ...child.initialized, protocolVersion })
      return from.deliver(answer, call.original, () => undefined)
    }
    call.child = child
    child.send(call.tag, requestFrame(from.id, call.line, call.envelope)).then(
      (taken) => {
        if (taken === 'gone')
          this.#fail(
            from,
            call,
            new McpError('mcp-not-delivered', `server "${from.server}" has closed its input`),
            false,
          )
      },
      (error: unknown) => this.#fail(from, call, error, !isRefusal(error)),
    )
  }

  #fail(from: Downstream, call: Call, error: unknown, mayHaveRun: boolean): void {
    if (from.calls.get(call.original) !== call) return
    from.removeCall(call.original)
    const { child, tag } = call
    from.deliver(failureFrame(call.original, error, mayHaveRun), call.original, () => {
      child?.settle(tag)
      if (child !== null) this.servers.release(child)
    })
  }

  #cancel(from: Downstream, line: Buffer, { requestId }: Envelope): void {
    if (requestId === null) return
    const call = from.calls.get(line.toString('utf8', requestId.start, requestId.end))
    // MCP: `initialize` must not be cancelled.
    if (call === undefined || call.method === 'initialize') return
    from.removeCall(call.original)
    if (call.child === null || call.child.hasEnded) return
    this.#pass(call.child, cancelFrame(from.id, line, requestId))
    call.child.settle(call.tag)
  }

  #pass(child: Child, frame: Buffer): void {
    child.send(null, frame).catch((error: unknown) => this.#routes.sendFailed(child, error))
  }

  // -- clients that come back, or do not

  #takeUp(to: Downstream, request: OpenRequest, now: { holder: string; wasGivenUp: boolean; wasOpen: boolean }): void {
    const awaited = new Set<string>()
    const resumed: Call[] = []
    for (const line of request.pending) {
      const envelope = asRequest(readEnvelope(line))
      if (envelope === null) continue
      awaited.add(envelope.id)
      if (to.calls.has(envelope.id) || to.hasAnswerFor(envelope.id)) continue
      resumed.push(to.addCall(line, envelope))
    }
    to.isOpen = true
    for (const call of to.calls.values())
      if (!awaited.has(call.original) && !to.waiting.some((each) => each.line === call.line)) this.#withdraw(to, call)
    this.#forgetAnswered(to, awaited)
    to.sendAgain(awaited)
    for (const { child, message } of to.held.splice(0)) fromServer(this.#routes, child, message)
    const holder = request.holder === null ? 'never' : request.holder === now.holder ? 'same' : 'other'
    for (const call of resumed)
      if (to.calls.get(call.original) === call) this.#resume(to, call, { holder, wasGivenUp: now.wasGivenUp })
    to.child ??= this.#childOf(to)
  }

  /** Tags of an earlier daemon's that the client does not wait for: it cancelled them, or has their answer. */
  #forgetAnswered(to: Downstream, awaited: ReadonlySet<string>): void {
    for (const child of this.servers.children.values()) {
      for (const tag of child.openTags) {
        const route = routeOfTag(tag)
        if (
          route?.downstream !== to.id ||
          awaited.has(route.original) ||
          to.hasAnswerFor(route.original) ||
          to.calls.has(route.original)
        )
          continue
        if (!child.hasEnded) this.#pass(child, giveUpFrame(tag, 'the client does not wait for it'))
        child.settle(tag)
      }
    }
  }

  #resume(to: Downstream, call: Call, known: { holder: 'same' | 'other' | 'never'; wasGivenUp: boolean }): void {
    const taker = [...this.servers.children.values()].find((each) => each.openTags.has(call.tag))
    const tag = taker === undefined ? 'none' : taker.hasEnded ? 'ended' : 'running'
    switch (resume({ tag, ...known })) {
      case 'wait':
        call.child = taker ?? null
        to.child = call.child
        return
      case 'send':
        to.waiting.push({ line: call.line, envelope: call.envelope })
        return
      case 'ended':
        call.child = taker ?? null
        if (taker !== undefined) void this.#repeatOrFail(to, [call], new McpError('mcp-server-died', this.#died(taker)))
        return
      case 'unknowable': {
        const message = `it is not known whether server "${to.server}" has run this call: what held the server is gone`
        void this.#repeatOrFail(to, [call], new McpError('mcp-unknowable', message))
      }
    }
  }

  #childOf(to: Downstream): Child | null {
    const users = [...this.servers.children.values()].filter(
      (each) => !each.hasEnded && each.origin.downstream === to.id,
    )
    return users[0] ?? null
  }

  #withdraw(from: Downstream, call: Call): void {
    from.removeCall(call.original)
    if (call.child === null || call.child.hasEnded) return
    this.#pass(call.child, giveUpFrame(call.tag, 'the client has left'))
    call.child.settle(call.tag)
  }

  #startGrace(from: Downstream): void {
    this.#graces.get(from)?.cancel()
    this.#graces.set(
      from,
      this.#ports.clock.setTimer(GRACE_MS, () => void this.#giveUp(from)),
    )
  }

  /** It did not come back. Should it do so later, nothing of what it waits for may run twice. */
  async #giveUp(from: Downstream): Promise<void> {
    try {
      await this.#givenUp.add(from.id)
    } catch (error) {
      // Without the record its tags have to stay.
      this.#warn('a client that is gone could not be recorded', { downstream: from.id, error: String(error) })
      return this.#startGrace(from)
    }
    if (from.link === null) this.#dismiss(from, 'the client is gone')
  }

  #dismiss(from: Downstream, reason: string): void {
    this.#graces.get(from)?.cancel()
    this.#graces.delete(from)
    this.downstreams.delete(from.id)
    for (const call of from.calls.values()) this.#withdraw(from, call)
    from.dropOutbox()
    for (const { child, message } of from.held) child.done(message.end)
    this.#forgetAnswered(from, new Set())
    for (const [id, child] of from.asked) {
      if (!child.hasEnded) this.#pass(child, errorFrame({ id, code: RPC.failed, message: reason }))
    }
    for (const child of this.servers.children.values()) {
      this.servers.release(child)
      if (child.origin.downstream !== from.id || child.hasEnded) continue
      this.servers
        .end(child)
        .catch((error: unknown) => this.#warn('a server could not be ended', { child: child.id, error: String(error) }))
    }
  }

  // -- servers that end

  #childEnded(child: Child): void {
    const error = new McpError('mcp-server-died', this.#died(child))
    for (const each of this.downstreams.values()) {
      each.asked.forEach((asker, id) => asker === child && each.asked.delete(id))
      const calls = [...each.calls.values()].filter((call) => call.child === child)
      if (calls.length > 0) void this.#repeatOrFail(each, calls, error)
    }
    this.servers.release(child)
  }

  #died(child: Child): string {
    return `${endOf(child, child.exit)} while the call was under way${evidenceOf(child, this.#ports.logFile(child.id))}`
  }

  async #repeatOrFail(from: Downstream, calls: readonly Call[], error: McpError): Promise<void> {
    const open = calls.filter((call) => repeatable(call.method, call.hasActed) !== 'no')
    for (const call of calls) if (!open.includes(call)) this.#fail(from, call, error, true)
    if (open.length === 0) return
    try {
      const { server, project, host, id: downstream } = from
      const child = await this.servers.acquire({ server, project, host, downstream })
      const needsHints = open.some((call) => call.method === 'tools/call')
      const tools = needsHints ? await this.servers.tools(child, HINTS_TIMEOUT_MS) : []
      from.child = child
      for (const call of open) {
        const tool = call.method === 'tools/call' ? tools.find((each) => each.name === toolOf(call)) : null
        if (tool !== null && !isToolRepeatable(tool?.annotations)) this.#fail(from, call, error, true)
        else if (from.calls.get(call.original) === call) this.#giveAgain(from, call, child)
      }
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure)
      const both = new McpError('mcp-server-died', `${error.message}\nIt could not be started again: ${why}`)
      for (const call of open) this.#fail(from, call, both, true)
    }
  }

  #giveAgain(from: Downstream, call: Call, child: Child): void {
    const before = call.child
    before?.settle(call.tag)
    if (before !== null) this.servers.release(before)
    this.#give(from, call, child)
  }

  #warn(what: string, detail: Record<string, unknown>): void {
    this.#ports.log.warn(what, detail)
  }
}

type RequestEnvelope = Envelope & { readonly id: string; readonly method: string }

function asRequest(envelope: Envelope | null): RequestEnvelope | null {
  if (envelope?.kind !== 'request' || envelope.id === null || envelope.method === null) return null
  return { ...envelope, id: envelope.id, method: envelope.method }
}

/** The keeper answered that it did not take the frame. */
function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'input-full' || code === 'frame-too-large' || code === 'unknown-child'
}

function noteHost(to: Downstream, line: Buffer): void {
  const envelope = readEnvelope(line)
  if (envelope?.method !== 'initialize' || envelope.params === null) return
  to.host = readHost(valueOf(line, envelope.params))
  to.hasSaidHello = true
}

function resultFrame(id: string, result: unknown): Buffer {
  return Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`)
}

function toolOf(call: Call): string | null {
  const params = call.envelope.params === null ? null : valueOf(call.line, call.envelope.params)
  if (params === null || typeof params !== 'object' || !('name' in params)) return null
  return typeof params.name === 'string' ? params.name : null
}
