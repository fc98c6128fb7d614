// The daemon's program as a real process in a home of its own, run from source, for tests.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectDaemon, findTagged, type Folders, placeOf, processVariable, resolveFolders } from '@holdfast/lifecycle'
import { type Method, Peer } from '@holdfast/protocol'

const program = join(import.meta.dirname, '../main.ts')
const greeting = { protocol: { min: 1, max: 1 }, version: '0.1.0', role: 'client', identity: null } as const
const patienceMs = 60_000

export class DaemonHome {
  readonly home = mkdtempSync(join(tmpdir(), 'hfd-'))
  readonly folders: Folders
  readonly #started: ChildProcess[] = []

  constructor() {
    const env = { HOLDFAST_HOME: this.home }
    this.folders = resolveFolders({ app: 'holdfast', scope: 'default', env, uid: process.getuid?.() ?? 0 })
  }

  /** Starts the program; it is ready when `connect` resolves. */
  start(env: Record<string, string> = {}, args: readonly string[] = []): DaemonProcess {
    const { PATH = '' } = process.env
    const child = spawn(process.execPath, ['--conditions=source', program, ...args], {
      env: { PATH, HOLDFAST_HOME: this.home, HOME: this.home, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#started.push(child)
    return new DaemonProcess(child)
  }

  /** A connection to whoever is the daemon, as soon as one is. */
  async connect(): Promise<Connected> {
    const place = placeOf(this.folders, 'daemon')
    const end = performance.now() + patienceMs
    for (;;) {
      const found = await connectDaemon(place, greeting, { timeoutMs: 5000 })
      if (found.kind === 'connected') return { peer: new Peer(found.socket), instance: found.welcome.instance }
      if (performance.now() > end) throw new Error(`no daemon answers: ${found.kind}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** One request over a connection of its own. */
  async ask<P, R>(method: Method<P, R>, params: P): Promise<R> {
    const { peer } = await this.connect()
    try {
      return await peer.request(method, params, { timeoutMs: patienceMs })
    } finally {
      peer.close()
    }
  }

  /** Children of this home that run. */
  children(): { pid: number; tag: string }[] {
    return findTagged('default').filter(({ pid }) => processVariable(pid, 'HOLDFAST_STATE') === this.folders.state)
  }

  /** Ends what this test started. Throws when children were left behind by others than the test. */
  async remove(): Promise<void> {
    for (const child of this.#started) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const closed = once(child, 'close')
      child.kill('SIGKILL')
      await closed
    }
    rmSync(this.home, { recursive: true, force: true })
  }
}

export interface Connected {
  readonly peer: Peer
  readonly instance: string
}

export class DaemonProcess {
  readonly child: ChildProcess
  stderr = ''

  constructor(child: ChildProcess) {
    this.child = child
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Its exit code, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close')
    return this.child.exitCode ?? this.child.signalCode
  }
}
