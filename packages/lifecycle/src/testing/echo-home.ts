// A folder of its own with the echo daemon of tests/fixtures: for tests of activation with real processes.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureDaemon } from '../activation/ensure.ts'
import type { Ensured, EnsureRequest } from '../activation/request.ts'
import type { Greeting } from '../activation/connect.ts'
import type { StartCommand } from '../activation/start-command.ts'
import { type Folders, resolveFolders } from '../folders.ts'
import type { ProcessStat } from '../os/system.ts'
import { thisSystem } from '../os/this-system.ts'
import { type Place, placeOf } from '../place.ts'
import { identityOf } from '../process/identity.ts'
import { signalProcess } from '../process/signal.ts'

const fixtures = join(import.meta.dirname, '../../../../tests/fixtures')

export const greeting: Greeting = { protocol: { min: 1, max: 1 }, version: '1.0.0', role: 'client', identity: null }

/** What a client program printed. */
export interface ClientReport {
  readonly pid?: number
  readonly epoch?: number
  readonly instance?: string
  readonly started?: boolean
  readonly reason?: string
  readonly error?: string
  readonly tookMs: number
}

export class EchoHome {
  readonly home: string = mkdtempSync(join(tmpdir(), 'hf-act-'))
  readonly folders: Folders
  readonly place: Place

  constructor() {
    this.folders = resolveFolders({ app: 'holdfast', scope: 'test', env: this.env(), uid: thisSystem.uid() })
    this.place = placeOf(this.folders, 'echo')
  }

  env(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return { PATH: process.env['PATH'] ?? '', HOLDFAST_HOME: this.home, ...more }
  }

  start(more: Readonly<Record<string, string>> = {}): StartCommand {
    return {
      command: process.execPath,
      args: ['--conditions=source', join(fixtures, 'echo-daemon.ts')],
      env: this.env(more),
      cwd: this.folders.state,
      logFile: join(this.folders.logs, 'echo.log'),
    }
  }

  /** `ensureDaemon` in this process; the connection is closed again. */
  async ensure(more: Partial<EnsureRequest> = {}): Promise<Ensured> {
    const request = { place: this.place, hello: greeting, start: this.start(), deadlineMs: 60_000, ...more }
    const ensured = await ensureDaemon(request)
    ensured.socket.destroy()
    return ensured
  }

  /** A client program, and what it will have printed. */
  client(
    deadlineMs = 60_000,
    prefix: readonly string[] = [],
  ): { process: ChildProcess; report: Promise<ClientReport> } {
    const [program, ...args] = [
      ...prefix,
      process.execPath,
      '--conditions=source',
      join(fixtures, 'ensure-client.ts'),
      String(deadlineMs),
    ]
    const child = spawn(program, args, { env: this.env(), stdio: ['ignore', 'pipe', 'inherit'] })
    const report = new Promise<ClientReport>((resolve, reject) => {
      let text = ''
      child.stdout.on('data', (data: Buffer) => (text += data.toString()))
      child.once('error', reject)
      child.once('close', () =>
        resolve(text === '' ? { error: 'no report', tookMs: 0 } : (JSON.parse(text) as ClientReport)),
      )
    })
    return { process: child, report }
  }

  /** How many daemons were started, winners and losers. */
  candidates(): number {
    try {
      return readFileSync(join(this.home, 'candidates'), 'utf8').length
    } catch {
      return 0
    }
  }

  /** The processes of this home that run, daemons and clients. */
  processes(): ProcessStat[] {
    const isOurs = ({ pid }: ProcessStat): boolean =>
      pid !== process.pid && thisSystem.variableOf(pid, 'HOLDFAST_HOME') === this.home
    return thisSystem.all().filter((each) => each.isRunning && isOurs(each))
  }

  /** Ends what is left, and removes the folder. */
  async remove(): Promise<void> {
    while (this.processes().length > 0) {
      for (const each of this.processes()) signalProcess(identityOf(each), 'SIGKILL')
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    rmSync(this.home, { recursive: true, force: true })
  }
}
