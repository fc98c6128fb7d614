// A keeper inside the test's own process, behind a real socket, with real children. What a test starts ends with it.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, createConnection, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '@holdfast/lifecycle'
import type { ChildExit, ChildSpec, KeeperClient, OutputSink } from '../api.ts'
import type { ChildLimits } from '../children/limits.ts'
import { KeeperConnection } from '../client/keeper-client.ts'
import { KeeperServer } from '../server/keeper-server.ts'

export class LocalKeeper {
  readonly folder = mkdtempSync(join(tmpdir(), 'hf-keeper-'))
  readonly server: KeeperServer
  readonly left: Promise<string>
  readonly #listener: Server
  readonly #sockets: Socket[] = []
  #children = 0

  constructor(limits: Partial<ChildLimits> = {}) {
    const { promise, resolve } = Promise.withResolvers<string>()
    this.left = promise
    const self = { pid: process.pid, instance: 'test', version: '0.0.0' }
    this.server = new KeeperServer({ self, epoch: 0, log: silentLog, limits, leave: resolve })
    this.#listener = createServer((socket) => this.server.accept(socket))
  }

  get path(): string {
    return join(this.folder, 's')
  }

  async start(): Promise<this> {
    this.#listener.listen(this.path)
    await once(this.#listener, 'listening')
    return this
  }

  /** A connection that has said nothing yet. */
  async dial(path = this.path): Promise<Socket> {
    const socket = createConnection(path)
    this.#sockets.push(socket)
    // A keeper that closes on us is what some tests are about.
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }

  async connect(epoch = 1): Promise<KeeperClient> {
    return KeeperConnection.open(await this.dial(), epoch, silentLog)
  }

  /** Everything of a child that a test does not care about. */
  spec(command: string, args: readonly string[] = [], more: Partial<ChildSpec> = {}): ChildSpec {
    this.#children += 1
    const id = more.id ?? `c${this.#children}`
    return {
      id,
      command,
      args,
      cwd: this.folder,
      env: { PATH: process.env['PATH'] ?? '', HOLDFAST_CHILD: `${this.folder}/${id}` },
      io: 'pipe',
      logFile: join(this.folder, `${id}.log`),
      label: {},
      ...more,
    }
  }

  /** A child that runs this JavaScript. */
  script(source: string, more: Partial<ChildSpec> = {}): ChildSpec {
    return this.spec(process.execPath, ['-e', source], more)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.endChildren(0)
    for (const socket of this.#sockets) socket.destroy()
    this.server.close()
    this.#listener.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Keeps what a child wrote, and lets a test wait for it. */
export class Recorder implements OutputSink {
  readonly ended: Promise<ChildExit>
  readonly ends: (ChildExit | null)[] = []
  readonly #parts: Buffer[] = []
  readonly #waiting: { bytes: number; resolve: () => void }[] = []
  #resolveEnded: (exit: ChildExit) => void
  size = 0

  constructor() {
    const { promise, resolve } = Promise.withResolvers<ChildExit>()
    this.ended = promise
    this.#resolveEnded = resolve
  }

  data(_offset: number, bytes: Buffer): void {
    this.#parts.push(bytes)
    this.size += bytes.length
    for (const each of this.#waiting) if (this.size >= each.bytes) each.resolve()
  }

  end(exit: ChildExit | null): void {
    this.ends.push(exit)
    if (exit !== null) this.#resolveEnded(exit)
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }

  get text(): string {
    return this.bytes.toString()
  }

  has(bytes: number): Promise<void> {
    if (this.size >= bytes) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ bytes, resolve }))
  }
}
