// The daemon as a whole, for its clients: status, processes, logs, events, configuration, and being told to leave.
import type { HeldChild } from '@holdfast/keeper'
import {
  type Clock,
  type ExitRecord,
  type Log,
  processAgeMs,
  type ProcessInfo,
  processTable,
} from '@holdfast/lifecycle'
import {
  daemonDrain,
  type DaemonInfo,
  daemonProcesses,
  daemonStatus,
  followEvents,
  type HeldProcess,
  logSources,
  readEvents,
  showConfig,
  type Status,
} from '@holdfast/protocol'
import type { LoadedConfig } from '../config/config.ts'
import type { ChildDescription, Client } from '../feature.ts'
import type { Store } from '../store/api.ts'
import { followEventsOf } from './follow-events.ts'
import { exitInfo } from './last-exit.ts'
import { logSourcesIn } from './log-sources.ts'
import { heldProcesses, type Observed } from './processes.ts'

export type Survivors = readonly { readonly pid: number; readonly command: string }[]

export interface GatewayPorts {
  readonly scope: string
  readonly logsFolder: string
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly predecessor: ExitRecord | null
  info(): DaemonInfo
  clients(): number
  counts(): { readonly queued: number; readonly running: number; readonly sessions: number }
  keeper(): { readonly pid: number; readonly instance: string } | null
  /** What the keeper holds now. */
  held(): Promise<readonly HeldChild[]>
  describe(child: HeldChild): ChildDescription | null
  resolveProject(directory: string): Promise<string>
  loadConfig(project: string): Promise<LoadedConfig>
  /** Begins to leave; resolves once what was asked for is done. */
  leave(request: { reason: string; deadlineMs: number | undefined; children: boolean }): Promise<Survivors>
}

/** A keeper that does not answer must not keep `status` from answering. */
const keeperPatienceMs = 1000
const pageLimit = 10_000

export class Gateway {
  readonly #ports: GatewayPorts
  /** What the keeper said last. */
  #held: readonly HeldChild[] = []
  /** The keeper did not answer in time when it was last asked. */
  #isSilent = false

  constructor(ports: GatewayPorts) {
    this.#ports = ports
  }

  attach({ peer }: Client): void {
    const { store, log, logsFolder } = this.#ports
    peer.handle(daemonStatus, () => this.#status())
    peer.handle(daemonProcesses, async () => ({ processes: await this.#processes() }))
    peer.handle(daemonDrain, async ({ reason, deadlineMs, children = false }) => ({
      survivors: [...(await this.#ports.leave({ reason, deadlineMs, children }))],
    }))
    peer.handle(logSources, async ({ name }) => {
      const held = await this.#heldNow()
      const called = new Map(held.map((child) => [child.id, this.#ports.describe(child)?.name ?? child.id]))
      return { sources: await logSourcesIn(logsFolder, name, called) }
    })
    peer.handle(readEvents, async ({ since = 0, newest, limit = 1000 }) => {
      const from = newest === undefined ? since : Math.max(0, store.events.last() - newest)
      const { events, cursor, gap } = await store.events.read(from, Math.min(Math.max(1, limit), pageLimit))
      return { events: [...events], cursor, gap }
    })
    peer.handle(followEvents, ({ since = store.events.last() }) => {
      // After the answer: it goes out before the first notice.
      setImmediate(() => followEventsOf(store.events, peer, since, log))
      return { cursor: since }
    })
    peer.handle(showConfig, ({ project }) => this.#config(project))
  }

  async #status(): Promise<Status> {
    const { scope, predecessor } = this.#ports
    const held = await this.#heldNow()
    const keeper = this.#ports.keeper()
    const { queued, running, sessions } = this.#ports.counts()
    return {
      scope,
      daemon: this.#ports.info(),
      keeper:
        keeper === null
          ? null
          : {
              pid: keeper.pid,
              children: held.filter(({ exit }) => exit === null).length,
              ...(this.#isSilent ? { silent: true } : {}),
            },
      clients: this.#ports.clients(),
      asks: { queued, running },
      sessions,
      lastExit: predecessor === null ? null : exitInfo(predecessor),
    }
  }

  async #processes(): Promise<HeldProcess[]> {
    const held = await this.#heldNow()
    const { pid, instance, startedAt, state } = this.#ports.info()
    const table = processTable()
    return heldProcesses({
      daemon: { pid, instance, startedAt, state },
      keeper: this.#keeperIn(table),
      held,
      table,
      scope: this.#ports.scope,
      describe: (child) => this.#ports.describe(child),
    })
  }

  #keeperIn(table: readonly ProcessInfo[]): Observed['keeper'] {
    const keeper = this.#ports.keeper()
    if (keeper === null) return null
    const found = table.find(({ pid }) => pid === keeper.pid)
    const startedAtMs = found === undefined ? null : this.#ports.clock.wallMs() - processAgeMs(found)
    return {
      pid: keeper.pid,
      instance: keeper.instance,
      isSilent: this.#isSilent,
      startedAt: startedAtMs === null ? null : new Date(startedAtMs).toISOString(),
    }
  }

  async #config(directory: string) {
    const project = await this.#ports.resolveProject(directory)
    const { config, files, problems } = await this.#ports.loadConfig(project)
    return { project, files: [...files], config: { ...config }, problems: [...problems] }
  }

  /** What the keeper holds; what it said last when it does not answer in time. */
  async #heldNow(): Promise<readonly HeldChild[]> {
    if (this.#ports.keeper() === null) return (this.#held = [])
    const { promise: late, resolve } = Promise.withResolvers<null>()
    const timer = this.#ports.clock.setTimer(keeperPatienceMs, () => resolve(null))
    try {
      const held = await Promise.race([this.#ports.held(), late])
      this.#isSilent = held === null
      this.#held = held ?? this.#held
    } catch (error) {
      // It died just now: the link notices by itself.
      this.#ports.log.debug('the keeper did not say what it holds', { error: String(error) })
    } finally {
      timer.cancel()
    }
    return this.#held
  }
}
