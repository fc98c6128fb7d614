// Runs tests/fixtures/small-daemon.ts as real processes in a home of their own, knocks at its door, and ends what is left.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Place, placeOf, resolveFolders } from '@holdfast/lifecycle'
import { type ExitRecord, parseExit } from '@holdfast/lifecycle/testing'
import type { SmallDaemonOptions } from '../fixtures/small-daemon.ts'

const program = join(import.meta.dirname, '../fixtures/small-daemon.ts')

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** One process of the fixture. */
export interface SmallDaemon {
  readonly instance: string
  readonly child: ChildProcess
  readonly pid: number
  /** The readiness line, or null when it ended without one. */
  readonly readiness: Promise<Record<string, unknown> | null>
  readonly ended: Promise<Ended>
}

/** An open connection after its hello. */
export interface Door {
  readonly socket: Socket
  /** The first line that came back; null when there was none. */
  readonly answer: Record<string, unknown> | null
  /** Writes a line and gives the next line that comes; null when the connection ends first. */
  ask(text: string): Promise<string | null>
  readonly closed: Promise<void>
}

export class SmallDaemons implements AsyncDisposable {
  readonly home: string
  readonly place: Place
  private readonly all: SmallDaemon[] = []

  constructor(home = mkdtempSync(join(tmpdir(), 'hf-'))) {
    this.home = home
    const uid = process.getuid?.() ?? 0
    this.place = placeOf(
      resolveFolders({ app: 'holdfast', scope: 'default', env: { HOLDFAST_HOME: home }, uid }),
      'daemon',
    )
  }

  start(options: Omit<SmallDaemonOptions, 'home'> = {}): SmallDaemon {
    const instance = `t${randomBytes(6).toString('hex')}`
    const child = spawn(
      process.execPath,
      ['--conditions=source', program, JSON.stringify({ home: this.home, ...options })],
      {
        env: { ...process.env, HOLDFAST_INSTANCE: instance, HOLDFAST_READY_FD: '3' },
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      },
    )
    const [stdout, stderr, ready] = [collect(child.stdout), collect(child.stderr), collect(child.stdio[3])]
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal, stdout: stdout.text(), stderr: stderr.text() }))
    })
    const readiness = ready.end.then(() =>
      ready.text() === '' ? null : (JSON.parse(ready.text()) as Record<string, unknown>),
    )
    const daemon = { instance, child, pid: child.pid ?? 0, readiness, ended }
    this.all.push(daemon)
    return daemon
  }

  /** Starts one and waits until it is ready; an error with its output otherwise. */
  async ready(options: Omit<SmallDaemonOptions, 'home'> = {}): Promise<SmallDaemon> {
    const daemon = this.start(options)
    const line = await daemon.readiness
    if (line?.['kind'] !== 'ready') {
      throw new Error(`not ready: ${JSON.stringify(line)} ${JSON.stringify(await daemon.ended)}`)
    }
    return daemon
  }

  /** Connects and says hello. */
  async knock(hello: Readonly<Record<string, unknown>> = {}): Promise<Door> {
    const socket = connect(this.place.publicSocket)
    const lines = lineReader(socket)
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    const said = {
      holdfast: 1,
      kind: 'hello',
      nonce: 'n',
      protocol: { min: 1, max: 1 },
      version: '1',
      role: 'client',
      ...hello,
    }
    socket.write(`${JSON.stringify(said)}\n`)
    const line = await lines()
    return {
      socket,
      answer: line === null ? null : (JSON.parse(line) as Record<string, unknown>),
      closed,
      ask(text) {
        socket.write(`${text}\n`)
        return lines()
      },
    }
  }

  /** Every exit record there is. */
  exits(): ExitRecord[] {
    return readdirSync(this.place.exitsFolder)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => parseExit(readFileSync(join(this.place.exitsFolder, name), 'utf8')) ?? [])
  }

  exitOf(daemon: SmallDaemon): ExitRecord | undefined {
    return this.exits().find((each) => each.instance === daemon.instance)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, ended } of this.all) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await ended
    }
    rmSync(this.home, { recursive: true, force: true })
  }
}

function collect(stream: unknown): { text(): string; readonly end: Promise<void> } {
  let text = ''
  const readable = stream as NodeJS.ReadableStream
  readable.on('data', (data: Buffer) => (text += data.toString()))
  const end = new Promise<void>((resolve) => {
    readable.on('end', resolve)
    readable.on('close', resolve)
    readable.on('error', () => resolve())
  })
  return { text: () => text, end }
}

/** Gives the next line each time it is called; null at the end. */
function lineReader(socket: Socket): () => Promise<string | null> {
  const lines: string[] = []
  const waiting: ((line: string | null) => void)[] = []
  let rest = ''
  let over = false
  const finish = (): void => {
    over = true
    for (const each of waiting.splice(0)) each(null)
  }
  socket.on('data', (data: Buffer) => {
    const parts = (rest + data.toString()).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      const next = waiting.shift()
      if (next === undefined) lines.push(line)
      else next(line)
    }
  })
  socket.on('error', finish)
  socket.on('close', finish)
  return () => {
    const line = lines.shift()
    if (line !== undefined) return Promise.resolve(line)
    return over ? Promise.resolve(null) : new Promise((resolve) => waiting.push(resolve))
  }
}
