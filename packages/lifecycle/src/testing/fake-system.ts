// A machine of made-up processes that records every signal, for tests of what may be signalled.
import type { ProcessStat, System } from '../os/system.ts'

export interface FakeProcess extends ProcessStat {
  readonly variables?: Readonly<Record<string, string>>
  readonly descriptors?: readonly string[]
}

/** A process with harmless defaults. */
export function fakeProcess(pid: number, more: Partial<FakeProcess> = {}): FakeProcess {
  const plain = { ppid: 1, pgid: pid, session: pid, startTicks: 1000, state: 'S', isRunning: true }
  return { pid, ...plain, rssBytes: 0, cpuSeconds: 0, uid: 1000, ...more }
}

/** The machine; `signals` lists what was sent, to groups as negative pids. */
export class FakeSystem implements System {
  readonly platform = 'linux'
  readonly signals: { readonly target: number; readonly signal: NodeJS.Signals | 0 }[] = []
  boot = 'boot-1'
  namespace = 'pid:[1]'
  private readonly processes = new Map<number, FakeProcess>()

  constructor(processes: readonly FakeProcess[]) {
    for (const each of processes) this.processes.set(each.pid, each)
  }

  put(process: FakeProcess): void {
    this.processes.set(process.pid, process)
  }

  remove(pid: number): void {
    this.processes.delete(pid)
  }

  bootId(): string {
    return this.boot
  }
  pidNamespace(): string {
    return this.namespace
  }
  uid(): number {
    return 1000
  }
  stat(pid: number): ProcessStat | null | 'unknown' {
    return this.processes.get(pid) ?? null
  }
  pids(): number[] {
    return [...this.processes.keys()]
  }
  all(): ProcessStat[] {
    return [...this.processes.values()]
  }
  command(pid: number): string {
    return `program ${pid}`
  }
  ageMs(startTicks: number): number {
    return startTicks
  }
  workingFolder(): string | null {
    return null
  }
  variableOf(pid: number, name: string): string | null {
    return this.processes.get(pid)?.variables?.[name] ?? null
  }
  descriptors(pid: number): readonly string[] {
    return this.processes.get(pid)?.descriptors ?? []
  }
  holdsLock(): boolean {
    return false
  }
  kill(pid: number, signal: NodeJS.Signals | 0): 'ok' | 'ESRCH' | 'EPERM' {
    if (signal !== 0) this.signals.push({ target: pid, signal })
    return 'ok'
  }
}
