// Which process serves whom. A server is started on first use, initialised once, found again by its label after a daemon's
// death, and started anew when it has ended and somebody needs it. Keeps: one child for each origin, whoever asks at once.
import type { ChildExit, HeldChild } from '@holdfast/keeper'
import { restartDecision, type UnexpectedExit } from '@holdfast/lifecycle'
import { digest } from '../digest.ts'
import * as v from 'valibot'
import { suggestion } from '../config/did-you-mean.ts'
import { Child, type ChildEvents, type ChildOrigin, FRAME_LIMIT_BYTES } from './child.ts'
import { McpError } from './errors.ts'
import { evidenceOf } from './evidence.ts'
import { capabilityKey, type Host, InitializeResult, NEWEST_REVISION, plainHost } from './negotiate.ts'
import { endOf, INITIALIZE, INITIALIZE_TAG, INITIALIZED_TAG, OwnRequests, ServerRefusal } from './own-requests.ts'
import type { McpPorts, ServerSpec } from './ports.ts'
import { readTools, type Tool } from './tools.ts'
import { OWN } from './upstream-id.ts'

const INITIALIZE_BUCKET = 'mcp.initialize'
const END_GRACE_MS = 2_000
const KEPT_EXITS = 10
const OUTPUT_SLACK_BYTES = 4 * 1024 * 1024

const Label = v.object({
  kind: v.literal('mcp'),
  server: v.string(),
  project: v.string(),
  fingerprint: v.string(),
  capabilities: v.string(),
  downstream: v.string(),
})

/** Who wants a server. */
export interface Wish {
  readonly server: string
  readonly project: string
  readonly host: Host
  readonly downstream: string
}

export class Servers {
  readonly children = new Map<string, Child>()
  readonly own: OwnRequests
  readonly #ports: McpPorts
  readonly #events: ChildEvents
  readonly #starts = new Map<string, Promise<Child>>()
  readonly #history = new Map<string, UnexpectedExit[]>()
  readonly #wanted = new Set<Child>()
  readonly #tools = new Map<Child, Promise<Tool[]>>()
  #count = 0

  constructor(
    ports: McpPorts,
    events: Pick<ChildEvents, 'message'> & { ended(child: Child, isWanted: boolean): void },
  ) {
    this.#ports = ports
    this.own = new OwnRequests(ports)
    this.#events = {
      message: (child, message) => events.message(child, message),
      ended: (child, exit) => {
        this.#ended(child, exit)
        events.ended(child, this.#wanted.has(child))
      },
    }
  }

  /** Rejects with `mcp-unknown-server`, `mcp-server-disabled` or `mcp-server-not-stdio`. */
  async spec(server: string, project: string): Promise<ServerSpec & { command: string }> {
    const all = await this.#ports.servers(project)
    const spec = all.find((each) => each.name === server)
    if (spec === undefined) {
      const names = all.map((each) => each.name)
      const known = `known servers: ${names.join(', ') || 'none'}`
      throw new McpError(
        'mcp-unknown-server',
        `MCP server "${server}" is not configured${suggestion(server, names) || ';'} ${known}`,
      )
    }
    if (!spec.isEnabled)
      throw new McpError('mcp-server-disabled', `MCP server "${server}" is disabled in ${spec.source}`)
    const { command } = spec
    if (command === null)
      throw new McpError(
        'mcp-server-not-stdio',
        `MCP server "${server}" in ${spec.source} has a "url" and no "command"`,
      )
    if (spec.problem !== null) throw spec.problem
    return { ...spec, command }
  }

  /** A child that serves the wish, initialised; started when there is none. */
  async acquire(wish: Wish): Promise<Child> {
    const spec = await this.spec(wish.server, wish.project)
    const origin = originOf(spec, wish)
    const running = this.find(origin)
    if (running?.initialized) return running
    const key = keyOf(origin)
    const starting = this.#starts.get(key)
    if (starting !== undefined) return starting
    const start = this.#start(spec, origin, wish.host).finally(() => this.#starts.delete(key))
    this.#starts.set(key, start)
    return start
  }

  /** A running child of this origin. A wish without capabilities is served by any: it is never asked for more than it can. */
  find(origin: ChildOrigin): Child | undefined {
    const alike = [...this.children.values()].filter(
      (each) =>
        !each.hasEnded &&
        each.origin.fingerprint === origin.fingerprint &&
        each.origin.downstream === origin.downstream,
    )
    const exact = alike.find((each) => each.origin.capabilities === origin.capabilities)
    return exact ?? (origin.capabilities === capabilityKey({}) ? alike[0] : undefined)
  }

  /** Takes over a child of an earlier daemon. */
  async adopt(held: HeldChild, holder: string): Promise<Child | null> {
    const label = v.safeParse(Label, held.label)
    const keeper = this.#ports.keeper.current()
    if (!label.success || keeper === null) return null
    const { kind: _kind, ...origin } = label.output
    const child = new Child(held, origin, { ports: this.#ports, events: this.#events, holder })
    this.children.set(child.id, child)
    const stored = await this.#ports.store.get(INITIALIZE_BUCKET, child.id)
    const known = v.safeParse(InitializeResult, stored?.value)
    if (known.success) child.initialized = known.output
    const key = keyOf(origin)
    if (held.exit === null && !known.success) {
      const host = { ...plainHost, capabilities: readCapabilities(origin.capabilities) }
      const ready = this.#initialize(child, host, 30_000).then(() => child)
      ready.catch((error: unknown) =>
        this.#ports.log.warn('an adopted server is not ready', { child: child.id, error: String(error) }),
      )
      this.#starts.set(
        key,
        ready.finally(() => this.#starts.delete(key)),
      )
      this.#starts.get(key)?.catch(() => undefined)
    }
    await child.attach(keeper)
    return child
  }

  tools(child: Child, timeoutMs: number): Promise<Tool[]> {
    const known = this.#tools.get(child)
    if (known !== undefined) return known
    const read = readTools(this.own, child, timeoutMs)
    this.#tools.set(child, read)
    read.catch(() => this.#tools.delete(child))
    return read
  }

  toolsChanged(child: Child): void {
    this.#tools.delete(child)
  }

  /** Ends a child that nobody should use any more. */
  async end(child: Child): Promise<void> {
    this.#wanted.add(child)
    const keeper = this.#ports.keeper.current()
    if (keeper === null || child.exit !== null) return
    child.exit = await keeper.terminate(child.id, END_GRACE_MS)
    this.release(child)
  }

  /** Starts again whatever happened before. */
  forgive(server: string, project: string): void {
    this.#history.delete(`${project} ${server}`)
  }

  /** Lets the keeper forget a child of which nothing is awaited. */
  release(child: Child): void {
    if (!child.isSpent || !this.children.delete(child.id)) return
    child.flush()
    this.#ports.keeper
      .current()
      ?.forget(child.id)
      .catch((error: unknown) =>
        this.#ports.log.warn('a child could not be forgotten', { child: child.id, error: String(error) }),
      )
    this.#ports.store
      .commit([{ op: 'delete', bucket: INITIALIZE_BUCKET, key: child.id }])
      .catch((error: unknown) =>
        this.#ports.log.warn('a record could not be deleted', { child: child.id, error: String(error) }),
      )
  }

  async #start(spec: ServerSpec & { command: string }, origin: ChildOrigin, host: Host): Promise<Child> {
    await this.#waitForTurn(origin)
    const keeper = await this.#ports.keeper.use()
    const id = `mcp-${spec.name}-${this.#ports.instance.slice(0, 8)}-${++this.#count}`
    this.#ports.failpoint('server.starting')
    const held = await keeper.spawn({
      id,
      command: spec.command,
      args: spec.args,
      cwd: spec.cwd,
      env: this.#ports.environment(spec, id),
      io: 'pipe',
      logFile: this.#ports.logFile(id),
      // A line is acknowledged only when it is whole and delivered.
      outputBytes: FRAME_LIMIT_BYTES + OUTPUT_SLACK_BYTES,
      label: { kind: 'mcp', ...origin },
    })
    this.#ports.failpoint('server.spawned')
    const child = new Child(held, origin, { ports: this.#ports, events: this.#events, holder: keeper.instance })
    this.children.set(child.id, child)
    try {
      await child.attach(keeper)
      await this.#initialize(child, host, spec.startTimeoutMs)
      return child
    } catch (error) {
      const evidence = evidenceOf(child, this.#ports.logFile(id))
      if (!child.hasEnded) await this.end(child)
      const code = error instanceof McpError && error.code === 'mcp-timeout' ? 'mcp-start-timeout' : 'mcp-start-failed'
      const message = error instanceof Error ? error.message : String(error)
      throw new McpError(code, `${message}${evidence}`, { cause: error })
    }
  }

  async #waitForTurn({ project, server }: ChildOrigin): Promise<void> {
    const history = this.#history.get(`${project} ${server}`)
    if (history === undefined) return
    const decision = restartDecision(history, this.#ports.clock.monotonicMs())
    if (decision.kind === 'restart') return this.#ports.clock.sleep(decision.afterMs)
    const seconds = Math.round(decision.periodMs / 1000)
    throw new McpError(
      'mcp-crash-looping',
      `server "${server}" ended ${decision.exits} times within ${seconds} s and is not started for now`,
    )
  }

  /** Each step may have been taken by an earlier daemon: the keeper takes a tag once. */
  async #initialize(child: Child, host: Host, timeoutMs: number): Promise<void> {
    const params = {
      protocolVersion: NEWEST_REVISION,
      capabilities: host.capabilities,
      clientInfo: { name: 'holdfast', version: this.#ports.version },
    }
    try {
      const reply = await this.own.ask(child, { method: 'initialize', params, timeoutMs }, INITIALIZE)
      const result = v.parse(InitializeResult, reply.result)
      await this.#ports.store.commit([{ op: 'put', bucket: INITIALIZE_BUCKET, key: child.id, value: result }])
      reply.done()
      child.initialized = result
    } catch (error) {
      // A server of the stateless revisions has no handshake; what its hosts send is passed on as it is.
      if (!(error instanceof ServerRefusal) || error.rpcCode !== -32_601) throw error
      child.initialized = { protocolVersion: NEWEST_REVISION, capabilities: {} }
      return
    }
    const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' }
    await child.send(INITIALIZED_TAG, Buffer.from(JSON.stringify(initialized)))
  }

  #ended(child: Child, exit: ChildExit | null): void {
    this.own.ended(child, exit)
    this.#tools.delete(child)
    child.settle(INITIALIZE_TAG)
    child.settle(INITIALIZED_TAG)
    if (exit === null && child.exit === null)
      this.end(child).catch((error: unknown) =>
        this.#ports.log.warn('a server could not be ended', { child: child.id, error: String(error) }),
      )
    if (this.#wanted.has(child)) return
    this.#ports.log.info('a server ended', { child: child.id, how: endOf(child, exit) })
    const key = `${child.origin.project} ${child.origin.server}`
    const atMs = this.#ports.clock.monotonicMs()
    const ranMs = Math.max(0, this.#ports.clock.wallMs() - Date.parse(child.startedAt))
    this.#history.set(key, [...(this.#history.get(key) ?? []), { atMs, ranMs }].slice(-KEPT_EXITS))
  }
}

export function ownWish(server: string, project: string): Wish {
  return { server, project, host: plainHost, downstream: OWN }
}

export function originOf(spec: ServerSpec, wish: Wish): ChildOrigin {
  const { command, args, cwd, env } = spec
  const identity = JSON.stringify([
    spec.name,
    command,
    args,
    cwd,
    Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ])
  return {
    server: spec.name,
    project: wish.project,
    fingerprint: digest(identity, 16),
    capabilities: capabilityKey(wish.host.capabilities),
    downstream: spec.sharing === 'isolated' ? wish.downstream : '',
  }
}

function keyOf({ fingerprint, capabilities, downstream }: ChildOrigin): string {
  return `${fingerprint} ${downstream} ${capabilities}`
}

function readCapabilities(text: string): Record<string, unknown> {
  return v.parse(v.record(v.string(), v.unknown()), JSON.parse(text))
}
