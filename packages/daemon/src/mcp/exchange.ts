// The traffic between downstreams and servers. Keeps (I11): each request of a host has exactly one answer, the server's or an
// error that says whether it may have run; it is given to a server again only when it cannot have run or may be repeated.
import { readEnvelope } from '@holdfast/protocol'
import type { Child } from './child.ts'
import { type Call, Downstream } from './downstream.ts'
import { errorFrame, McpError, RPC } from './errors.ts'
import { Forwarding } from './forwarding.ts'
import { asRequest, noteHost } from './frames.ts'
import { answerFrame, giveUpFrame } from './from-host.ts'
import { fromServer, type ServerRoutes } from './from-server.ts'
import { GivenUp } from './given-up.ts'
import type { DownstreamLink, McpPorts } from './ports.ts'
import { resume } from './send-again.ts'
import { Servers } from './servers.ts'
import { isDownstreamId, OWN, routeOf, routeOfTag } from './upstream-id.ts'

/** How long a client that is gone is expected back. */
const GRACE_MS = 60_000

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
  readonly #forwarding: Forwarding
  readonly #givenUp: GivenUp
  readonly #graces = new Map<Downstream, { cancel(): void }>()
  readonly #routes: ServerRoutes
  #isStopped = false

  constructor(ports: McpPorts) {
    this.#ports = ports
    this.#givenUp = new GivenUp(ports.store, ports.clock)
    this.servers = new Servers(ports, {
      message: (child, message) => fromServer(this.#routes, child, message),
      ended: (child) => this.#forwarding.childEnded(child, this.downstreams.values()),
    })
    this.#forwarding = new Forwarding(ports, this.servers)
    this.#routes = {
      downstreams: this.downstreams,
      ownReply: (child, original, message) => this.servers.own.reply(child, original, message),
      changed: (child) => this.servers.toolsChanged(child),
      failpoint: ports.failpoint,
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
      for (const waiting of to.waiting.splice(0)) this.#forwarding.refuse(to, waiting, error)
      if (to.link === link && to.held.length === 0) this.#dismiss(to, 'it could not be opened')
      else this.lost(to.id, link)
      throw error
    } finally {
      to.isStarting = false
      this.#forwarding.forward(to)
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
    if (request !== null) return this.#forwarding.request(from, line, request)
    if (envelope.kind === 'notification' && envelope.requestId !== null)
      return this.#forwarding.cancel(from, line, envelope)
    if (envelope.method === 'notifications/initialized') return
    if (from.child === null || from.child.hasEnded) return
    if (envelope.kind === 'notification') return this.#forwarding.pass(from.child, line)
    const answer = answerFrame(line, envelope)
    if (answer?.childId !== from.child.id || answer.frame.includes(0x0a) || readEnvelope(answer.frame) === null) return
    from.asked.delete(answer.original)
    this.#forwarding.pass(from.child, answer.frame)
  }

  received(id: string, receipts: readonly number[]): void {
    this.#ports.failpoint('mcp.received')
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

  /** Clients that leave from here on go to the next daemon: none is awaited. */
  stop(): void {
    this.#isStopped = true
    for (const grace of this.#graces.values()) grace.cancel()
    for (const child of this.servers.children.values()) child.flush()
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
    const answered = new Set(
      to.held.map(({ message }) => message.envelope.id).map((id) => (id === null ? null : routeOf(id)?.original)),
    )
    for (const child of this.servers.children.values()) {
      for (const tag of child.openTags) {
        const route = routeOfTag(tag)
        if (route?.downstream !== to.id) continue
        const { original } = route
        if (awaited.has(original) || to.hasAnswerFor(original) || to.calls.has(original)) continue
        if (!child.hasEnded && !answered.has(original)) {
          this.#forwarding.pass(child, giveUpFrame(tag, 'the client does not wait for it'))
        }
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
        if (taker !== undefined)
          void this.#forwarding.repeatOrFail(to, [call], new McpError('mcp-server-died', this.#forwarding.died(taker)))
        return
      case 'unknowable': {
        const message = `it is not known whether server "${to.server}" has run this call: what held the server is gone`
        void this.#forwarding.repeatOrFail(to, [call], new McpError('mcp-unknowable', message))
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
    this.#forwarding.pass(call.child, giveUpFrame(call.tag, 'the client has left'))
    call.child.settle(call.tag)
  }

  #startGrace(from: Downstream): void {
    if (this.#isStopped) return
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
      if (!child.hasEnded) this.#forwarding.pass(child, errorFrame({ id, code: RPC.failed, message: reason }))
    }
    for (const child of this.servers.children.values()) {
      this.servers.release(child)
      if (child.origin.downstream !== from.id || child.hasEnded) continue
      this.servers
        .end(child)
        .catch((error: unknown) => this.#warn('a server could not be ended', { child: child.id, error: String(error) }))
    }
  }

  #warn(what: string, detail: Record<string, unknown>): void {
    this.#ports.log.warn(what, detail)
  }
}
