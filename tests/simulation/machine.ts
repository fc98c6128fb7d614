// The simulated machine: disk, locks, processes, time.
import { Disk } from './disk.ts'
import { bootIdOf, SimProcess } from './process.ts'

export type Change = 'create' | 'link' | 'rename' | 'remove' | 'write' | 'bind'

export class Machine {
  readonly disk = new Disk()
  readonly processes: SimProcess[] = []
  /** Which process holds the lock of which inode. */
  readonly locks = new Map<string, SimProcess>()
  /** Told of each change before it happens. */
  witness: (process: SimProcess, change: Change, path: string, text?: string) => void = () => undefined
  nowMs = 1000
  boot = 1
  #pids = 100
  #temporary = 0

  get bootId(): string {
    return bootIdOf(this.boot)
  }

  start(): SimProcess {
    const process = new SimProcess(++this.#pids, this.boot)
    this.processes.push(process)
    return process
  }

  /** A name that was never used. */
  nameBeside(path: string): string {
    const cut = path.lastIndexOf('/') + 1
    return `${path.slice(0, cut)}.${path.slice(cut)}.${++this.#temporary}.tmp`
  }

  /** The kernel's part of a death: descriptors close, so locks are free and sockets are dead. */
  bury(process: SimProcess, fate: 'dead' | 'ended'): void {
    process.fate = fate
    process.steps.length = 0
    process.isReady = false
    for (const inode of process.locked) this.locks.delete(inode)
    process.locked.clear()
    const { pid } = process.identity
    for (const inode of this.disk.names.values()) if (inode.listener === pid) inode.listener = null
  }

  /** Power is lost: every process is gone, and with it what only memory held. */
  reboot(memoryFolder: string): void {
    for (const process of this.processes) {
      if (!process.isAlive) continue
      this.bury(process, 'dead')
      process.diedInReboot = true
    }
    for (const path of this.disk.names.keys()) if (path.startsWith(`${memoryFolder}/`)) this.disk.remove(path)
    this.boot++
  }
}
