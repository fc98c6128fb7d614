// From hosts to servers: gives each request to a server once, and answers it with an error when that cannot be or the server is
// gone. Keeps (I11): an error says whether the call may have run; a call is made again only when it may be repeated.
import { noFailpoint } from '@holdfast/lifecycle'
import type { Envelope } from '@holdfast/protocol'
import { type Child, FRAME_LIMIT_BYTES } from './child.ts'
import type { Call, Downstream, Waiting } from './downstream.ts'
import { errorFrame, failureFrame, McpError, RPC } from './errors.ts'
import { evidenceOf } from './evidence.ts'
import { cancelFrame, requestFrame } from './from-host.ts'
import { isRefusal, noteHost, type RequestEnvelope, resultFrame, toolOf } from './frames.ts'
import { revisionFor } from './negotiate.ts'
import { endOf } from './own-requests.ts'
import type { McpPorts } from './ports.ts'
import { isToolRepeatable, repeatable } from './send-again.ts'
import type { Servers } from './servers.ts'

const MAX_CALLS = 1_000
const MAX_CALL_BYTES = 2 * FRAME_LIMIT_BYTES
const HINTS_TIMEOUT_MS = 10_000

export class Forwarding {
  readonly #ports: McpPorts
  readonly #servers: Servers

  constructor(ports: McpPorts, servers: Servers) {
    this.#ports = ports
    this.#servers = servers
  }

  request(from: Downstream, line: Buffer, envelope: RequestEnvelope): void {
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
    this.forward(from)
  }

  /** Sends what waits, once there is a server for it. */
  forward(from: Downstream): void {
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
      from.child = await this.#servers.acquire({ server, project, host, downstream })
    } catch (error) {
      for (const waiting of from.waiting.splice(0)) this.refuse(from, waiting, error)
    } finally {
      from.isStarting = false
      this.forward(from)
    }
  }

  refuse(from: Downstream, { envelope: { id } }: Waiting, error: unknown): void {
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
    const pass = call.method === 'tools/call' ? this.#ports.failpoint : noFailpoint
    pass('mcp.routed')
    const answer = child.send(call.tag, requestFrame(from.id, call.line, call.envelope))
    pass('mcp.handed')
    answer.then(
      (taken) => {
        pass('mcp.taken')
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
      if (child !== null) this.#servers.release(child)
    })
  }

  cancel(from: Downstream, line: Buffer, { requestId }: Envelope): void {
    if (requestId === null) return
    const call = from.calls.get(line.toString('utf8', requestId.start, requestId.end))
    // MCP: `initialize` must not be cancelled.
    if (call === undefined || call.method === 'initialize') return
    from.removeCall(call.original)
    if (call.child === null || call.child.hasEnded) return
    this.pass(call.child, cancelFrame(from.id, line, requestId))
    call.child.settle(call.tag)
  }

  pass(child: Child, frame: Buffer): void {
    child
      .send(null, frame)
      .catch((error: unknown) =>
        this.#ports.log.warn('a server could not be told', { child: child.id, error: String(error) }),
      )
  }

  /** Every call that the server had is made again or answered with an error. */
  childEnded(child: Child, downstreams: Iterable<Downstream>): void {
    const error = new McpError('mcp-server-died', this.died(child))
    for (const each of downstreams) {
      each.asked.forEach((asker, id) => asker === child && each.asked.delete(id))
      const calls = [...each.calls.values()].filter((call) => call.child === child)
      if (calls.length > 0) void this.repeatOrFail(each, calls, error)
    }
    this.#servers.release(child)
  }

  died(child: Child): string {
    return `${endOf(child, child.exit)} while the call was under way${evidenceOf(child, this.#ports.logFile(child.id))}`
  }

  async repeatOrFail(from: Downstream, calls: readonly Call[], error: McpError): Promise<void> {
    const open = calls.filter((call) => repeatable(call.method, call.hasActed) !== 'no')
    for (const call of calls) if (!open.includes(call)) this.#fail(from, call, error, true)
    if (open.length === 0) return
    try {
      const { server, project, host, id: downstream } = from
      const child = await this.#servers.acquire({ server, project, host, downstream })
      const needsHints = open.some((call) => call.method === 'tools/call')
      const tools = needsHints ? await this.#servers.tools(child, HINTS_TIMEOUT_MS) : []
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
    if (before !== null) this.#servers.release(before)
    this.#give(from, call, child)
  }
}
