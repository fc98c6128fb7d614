// The keeper as a whole, apart from how it is found and started: its children, its connections, who commands.
import type { Socket } from 'node:net'
import { type Clock, type Log, noFailpoint, systemClock } from '@holdfast/lifecycle'
import { HeldChildren } from '../children/held-children.ts'
import { type ChildLimits, childLimits } from '../children/limits.ts'
import { systemProcesses } from '../children/processes.ts'
import type { KeeperFailpoint } from '../failpoints.ts'
import { Connection } from './connection.ts'
import { Fence } from './fence.ts'
import type { KeeperState } from './requests.ts'
import { collectGarbage, Tidy } from './tidy.ts'

export interface KeeperServerOptions {
  readonly self: KeeperState['self']
  /** Of the daemon that started this keeper; 0 when unknown. */
  readonly epoch: number
  readonly log: Log
  readonly clock?: Clock
  readonly limits?: Partial<ChildLimits>
  readonly failpoint?: KeeperFailpoint
  /** All children were ended because the daemon asked for it. */
  leave(reason: string): void
}

const maxChildren = 1000

export class KeeperServer {
  readonly #state: KeeperState
  readonly #connections = new Set<Socket>()

  constructor(options: KeeperServerOptions) {
    const { self, epoch, log, clock = systemClock, limits, failpoint = noFailpoint } = options
    const processes = systemProcesses(log)
    const ports = { clock, log, limits: { ...childLimits, ...limits }, processes, failpoint }
    this.#state = {
      children: new HeldChildren(ports, maxChildren),
      fence: new Fence(epoch),
      self,
      log,
      tidy: new Tidy({ clock, collect: collectGarbage }),
      leave: (reason) => options.leave(reason),
    }
  }

  get childCount(): number {
    return this.#state.children.count
  }

  /** Whether it must stay: it holds a child, or a daemon is connected that may want it to. */
  get isNeeded(): boolean {
    return this.childCount > 0 || this.#connections.size > 0
  }

  /** A daemon's connection, after the handshake. */
  accept(socket: Socket): void {
    this.#connections.add(socket)
    socket.once('close', () => this.#connections.delete(socket))
    // Its listeners keep it; it lives as long as the socket.
    new Connection(socket, this.#state).listen()
  }

  endChildren(graceMs: number): ReturnType<HeldChildren['endAll']> {
    return this.#state.children.endAll(graceMs)
  }

  close(): void {
    this.#state.tidy.stop()
    for (const socket of this.#connections) socket.destroySoon()
  }
}
