// A daemon's MCP part inside a test, over a real keeper and real servers; it can be replaced by a later one as after a crash.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import type { KeeperClient } from '@holdfast/keeper'
import { noFailpoint, silentLog, systemClock } from '@holdfast/lifecycle'
import { mcpFrameHeads, mcpOpen, mcpReceived, mcpSendLine, Peer, readMcpFrame } from '@holdfast/protocol'
import { LocalKeeper } from '../../../../keeper/src/testing/local-keeper.ts'
import { openSqliteStore } from '../../store/sqlite-store.ts'
import type { Store } from '../../store/api.ts'
import { Mcp } from '../mcp.ts'
import type { McpPorts, ServerSpec } from '../ports.ts'

const fixture = join(import.meta.dirname, '../../../../../tests/fixtures/mcp-counter.ts')

export interface Message {
  readonly id?: unknown
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: Record<string, unknown>
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data?: { holdfast?: Record<string, unknown> }
  }
}

export class Rig {
  readonly folder = mkdtempSync(join(tmpdir(), 'hf-mcp-'))
  readonly counts = join(this.folder, 'counts')
  readonly daemons: TestDaemon[] = []
  keeper = new LocalKeeper()
  /** Changed by a test before the server is first used. */
  specs: Record<string, Partial<ServerSpec>> = { counter: {} }

  async start(): Promise<this> {
    await this.keeper.start()
    return this
  }

  /** The next daemon; the one before is gone without a word. */
  async daemon(): Promise<TestDaemon> {
    const epoch = this.daemons.length + 1
    await this.daemons.at(-1)?.kill()
    const daemon = new TestDaemon(this, await this.keeper.connect(epoch), epoch)
    this.daemons.push(daemon)
    await daemon.mcp.recover(await daemon.keeper.list())
    return daemon
  }

  spec(name: string): ServerSpec {
    return {
      name,
      source: 'test',
      command: process.execPath,
      args: [fixture],
      cwd: this.folder,
      env: { COUNT_FILE: this.counts },
      isEnabled: true,
      sharing: 'shared',
      startTimeoutMs: 20_000,
      problem: null,
      ...this.specs[name],
    }
  }

  executed(): string[] {
    return readFileSync(this.counts, 'utf8').trim().split('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemons.at(-1)?.kill()
    await this.keeper[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export class TestDaemon {
  readonly mcp: Mcp
  readonly keeper: KeeperClient
  readonly #store: Store
  readonly #peers: Peer[] = []

  constructor(rig: Rig, keeper: KeeperClient, epoch: number) {
    this.keeper = keeper
    const fence = { epoch, instance: `i${epoch}` }
    const journal = { events: 100, bytes: 1_000_000 }
    this.#store = openSqliteStore({ file: join(rig.folder, 'db'), fence, clock: systemClock, journal }).store
    const ports: McpPorts = {
      keeper: { use: () => Promise.resolve(keeper), current: () => keeper },
      store: this.#store,
      clock: systemClock,
      log: silentLog,
      failpoint: noFailpoint,
      epoch,
      instance: fence.instance,
      version: '0.0.0',
      project: (directory) => Promise.resolve(directory),
      servers: () => Promise.resolve(Object.keys(rig.specs).map((name) => rig.spec(name))),
      environment: ({ env }) => ({ PATH: process.env['PATH'] ?? '', ...env }),
      logFile: (child) => join(rig.folder, `${child}.log`),
    }
    this.mcp = new Mcp(ports)
  }

  /** A connection of a client. */
  connect(): Peer {
    const [here, there] = duplexPair()
    const peer = new Peer(here)
    this.mcp.attach({
      id: 'c',
      role: 'client',
      peer,
      onClose: (listener) => void peer.closed.then(listener),
    })
    const client = new Peer(there)
    this.#peers.push(peer, client)
    return client
  }

  async kill(): Promise<void> {
    for (const peer of this.#peers) peer.destroy()
    this.keeper.close()
    await this.keeper.closed
    await this.#store.close()
  }
}

/** A host: keeps what it is sent, confirms it, and opens again under the next daemon with what it waits for. */
export class TestHost {
  readonly id: string
  readonly got: Message[] = []
  readonly pending = new Map<string, unknown>()
  confirms = true
  holder: string | undefined
  #peer: Peer | null = null
  #initialize: unknown
  readonly #watchers = new Set<() => void>()

  constructor(id: string) {
    this.id = id
  }

  async open(daemon: TestDaemon, server = 'counter'): Promise<void> {
    const peer = daemon.connect()
    this.#peer = peer
    peer.onRaw(mcpFrameHeads.message, (line) => {
      const frame = readMcpFrame(line, mcpFrameHeads.message)
      if (frame === null) return false
      this.#take(JSON.parse(frame.message.toString()) as Message)
      if (this.confirms && frame.receipt !== null) {
        peer.notify(mcpReceived, { downstream: this.id, receipts: [frame.receipt] })
      }
      return true
    })
    const pending = [...this.pending.values()] as { jsonrpc: '2.0' }[]
    const opened = await peer.request(mcpOpen, {
      downstream: this.id,
      server,
      project: '/p',
      pending,
      ...(this.holder === undefined ? {} : { holder: this.holder }),
      ...(this.#initialize === undefined ? {} : { initialize: this.#initialize as { jsonrpc: '2.0' } }),
    })
    this.holder = opened.holder
  }

  send(message: { id?: unknown; method?: string; params?: unknown; result?: unknown }): void {
    const whole = { jsonrpc: '2.0', ...message }
    if (message.id !== undefined && message.method !== undefined) this.pending.set(JSON.stringify(message.id), whole)
    if (message.method === 'initialize') this.#initialize = whole
    this.#peer?.sendRaw(mcpSendLine(this.id, Buffer.from(JSON.stringify(whole))))
  }

  ask(id: unknown, method: string, params: unknown = {}): Promise<Message> {
    this.send({ id, method, params })
    return this.answer(id)
  }

  hello(capabilities: object = {}): Promise<Message> {
    return this.ask('hello', 'initialize', {
      protocolVersion: '2025-03-26',
      capabilities,
      clientInfo: { name: 't', version: '1' },
    })
  }

  call(id: unknown, name: string, given: object = {}, meta?: object): Promise<Message> {
    return this.ask(id, 'tools/call', { name, arguments: given, ...(meta === undefined ? {} : { _meta: meta }) })
  }

  answer(id: unknown): Promise<Message> {
    return this.until(() => this.got.find((each) => each.method === undefined && each.id === id))
  }

  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#watchers.add(resolve))
    }
  }

  answersTo(id: unknown): number {
    return this.got.filter((each) => each.method === undefined && each.id === id).length
  }

  #take(message: Message): void {
    // As a proxy does: an answer that nobody waits for is a second one.
    if (message.method === undefined && !this.pending.delete(JSON.stringify(message.id))) return
    this.got.push(message)
    for (const watcher of this.#watchers) watcher()
    this.#watchers.clear()
  }
}

export function textOf(message: Message): string {
  const content = message.result?.['content']
  const first: unknown = Array.isArray(content) ? content[0] : undefined
  return first !== null && typeof first === 'object' && 'text' in first ? String(first.text) : JSON.stringify(message)
}
