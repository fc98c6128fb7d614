// The built Holdfast in a folder of its own, as a user would run it. When a test is over, everything that it left is ended,
// and what `down --all` did not end fails the test.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { isStillThere, processesOf, type Found } from './processes.ts'
import { patienceMs, until } from './until.ts'

export const root = join(import.meta.dirname, '../..')
/** The command, as it is installed. Run it with `process.execPath`. */
export const bin = join(root, 'packages/cli/bin/holdfast.js')

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** The run is killed, and fails, after this long. */
  readonly timeoutMs?: number
}

export interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** Wall time. */
  readonly ms: number
}

/** A command that goes on in the background. */
export interface Running {
  readonly child: ChildProcess
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves when it ended. */
  readonly done: Promise<Ran>
}

export interface HoldfastOptions {
  readonly scope?: string
  readonly env?: Readonly<Record<string, string>>
  /** Another program than the built command, such as an older release. */
  readonly command?: readonly [string, ...string[]]
  /** Do not register the check at the end of the running test: the caller does it with `finish()`. */
  readonly isOwnFinish?: boolean
  /** How long after `down --all` processes may take to end. */
  readonly leaveMs?: number
}

export class Holdfast {
  readonly home: string
  readonly scope: string
  /** A project without any config; commands run here. */
  readonly project: string
  readonly #env: Readonly<Record<string, string>>
  readonly #command: readonly [string, ...string[]]
  readonly #leaveMs: number

  constructor({
    scope = 'default',
    env = {},
    command = [process.execPath, bin],
    isOwnFinish = false,
    leaveMs = 10_000,
  }: HoldfastOptions = {}) {
    this.home = mkdtempSync(join(tmpdir(), 'hf-'))
    this.scope = scope
    this.project = join(this.home, 'project')
    this.#env = env
    this.#command = command
    this.#leaveMs = leaveMs
    mkdirSync(this.project)
    mkdirSync(join(this.home, 'user'))
    if (!isOwnFinish) onTestFinished(() => this.finish(), 120_000)
  }

  /** The environment of every command: this home, no config of the user, nothing of the surrounding Holdfast. */
  environment(more: RunOptions['env'] = {}): Record<string, string> {
    const kept = Object.entries(process.env).filter(([name]) => !/^(HOLDFAST|XDG|NODE|VITEST|NO_COLOR)/.test(name))
    const own = { HOME: join(this.home, 'user'), HOLDFAST_HOME: this.home, HOLDFAST_SCOPE: this.scope }
    const all: Record<string, string | undefined> = { ...Object.fromEntries(kept), ...own, ...this.#env, ...more }
    return Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    )
  }

  start(args: readonly string[], options: RunOptions = {}): Running {
    const [program, ...before] = this.#command
    const began = performance.now()
    const child = spawn(program, [...before, ...args], {
      cwd: options.cwd ?? this.project,
      env: this.environment(options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.stdin.on('error', () => {
      // EPIPE: it ended without reading its input, which is its right.
    })
    if (options.input !== undefined) child.stdin.end(options.input)
    const done = new Promise<Ran>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        reject(new Error(`holdfast ${args.join(' ').slice(0, 200)} did not end\n${stdout}\n${stderr}`))
      }, options.timeoutMs ?? patienceMs)
      child.on('error', reject)
      child.on('close', (code, signal) => {
        clearTimeout(timer)
        resolve({ code, signal, stdout, stderr, ms: performance.now() - began })
      })
    })
    // A test that never looks at it learns of a failure from its own expectations.
    done.catch(() => undefined)
    if (child.pid === undefined) throw new Error(`${program} cannot be started`)
    return { child, pid: child.pid, stdout: () => stdout, stderr: () => stderr, done }
  }

  /** Runs a command to its end, with empty input unless told. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.start(args, { input: '', ...options }).done
  }

  /** Runs a command that must succeed, and gives its JSON. The caller says what it expects. */
  async json<T = Record<string, unknown>>(args: readonly string[], options: RunOptions = {}): Promise<T> {
    const ran = await this.run([...args, '--json'], options)
    if (ran.code !== 0)
      throw new Error(`holdfast ${args.join(' ')} gave ${ran.code ?? ran.signal}: ${ran.stdout}${ran.stderr}`)
    return JSON.parse(ran.stdout) as T
  }

  /** `up`, and the pid of the daemon that serves then. */
  async up(...flags: string[]): Promise<number> {
    const { daemon } = await this.json<{ daemon: { pid: number } }>(['up', ...flags])
    return daemon.pid
  }

  /** The user's config, or with a folder that project's. */
  writeConfig(config: unknown, folder?: string): string {
    const path = folder === undefined ? join(this.home, 'config/config.json') : join(folder, 'holdfast.json')
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config, null, 2))
    return path
  }

  runPath(...names: string[]): string {
    return join(this.home, 'run', this.scope, ...names)
  }

  statePath(...names: string[]): string {
    return join(this.home, 'state', this.scope, ...names)
  }

  /** What `run/<role>.json` says, or null. */
  record(role: 'daemon' | 'keeper'): { instance: string; epoch: number; identity: { pid: number } } | null {
    const path = this.runPath(`${role}.json`)
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null
  }

  /** Every process that carries this home in its environment. */
  processes(): Found[] {
    return processesOf(this.home)
  }

  daemons(): Found[] {
    return this.processes().filter(({ command }) => /\/daemon\.js( |$)/.test(command))
  }

  keepers(): Found[] {
    return this.processes().filter(({ command }) => /\/keeper\.js( |$)|^holdfast-keeper /.test(command))
  }

  /** What carries a child's tag. */
  children(): Found[] {
    return this.processes().filter(({ environment }) => environment.has('HOLDFAST_CHILD'))
  }

  /** Ends everything. Fails with what was left after `down --all`; removes the folder. */
  async finish(): Promise<void> {
    for (const { pid } of this.processes()) resume(pid)
    const down =
      this.processes().length === 0 ? null : await this.run(['down', '--all'], { timeoutMs: 60_000 }).catch(String)
    const left = await this.#leftAfter(this.#leaveMs)
    for (const found of left) if (isStillThere(found)) end(found.pid)
    if (left.length === 0) return rmSync(this.home, { recursive: true, force: true })
    const lines = left.map(({ pid, command }) => `  ${pid} ${command}`)
    const said = typeof down === 'string' ? down : `${down?.code}: ${down?.stdout}${down?.stderr}`
    throw new Error(`left running (files are kept in ${this.home}):\n${lines.join('\n')}\ndown --all gave ${said}`)
  }

  /** What is still there after a while; ending takes a moment. */
  async #leftAfter(ms: number): Promise<Found[]> {
    const isOver = until('nothing is left', () => this.processes().length === 0, ms)
    return isOver.then(
      () => [],
      () => this.processes(),
    )
  }
}

function resume(pid: number): void {
  signal(pid, 'SIGCONT')
}

function end(pid: number): void {
  signal(pid, 'SIGKILL')
}

/** To a process that this test started, found by its folder a moment ago. */
export function signal(pid: number, name: NodeJS.Signals): void {
  if (!Number.isInteger(pid) || pid < 2) throw new Error(`no signal is ever sent to pid ${pid}`)
  try {
    process.kill(pid, name)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return
    throw error
  }
}
