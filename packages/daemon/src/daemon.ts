// The daemon once it holds the claim: opens the store with its epoch as fence, takes over what the keeper holds, lets the features
// recover, serves clients; and leaves in order. Connects the parts, decides nothing for them.
import { join } from 'node:path'
import {
  type AcceptedClient,
  type Clock,
  type Folders,
  type Log,
  type Place,
  replaceFile,
  type ServeContext,
  type Service,
} from '@holdfast/lifecycle'
import type { DaemonInfo } from '@holdfast/protocol'
import { Clients } from './clients.ts'
import type { DaemonStart } from './config/env.ts'
import { childEnvironment } from './config/child-environment.ts'
import { createConfigLoader } from './config/load-config.ts'
import { DaemonError } from './errors.ts'
import type { DaemonFailpoint } from './failpoints.ts'
import type { Client, Feature } from './feature.ts'
import { createFeatures } from './features.ts'
import { Gateway, type Survivors } from './gateway/gateway.ts'
import { childLogFile, pruneLogs } from './gateway/log-sources.ts'
import { recordStart } from './journal-start.ts'
import { KeeperLink } from './keeper-link.ts'
import { keeperPorts } from './keeper-ports.ts'
import { resolveProject } from './project.ts'
import { fenceOf } from './store/open-database.ts'
import { openSqliteStore, type PutAside } from './store/sqlite-store.ts'
import type { Store } from './store/api.ts'
import { version } from './version.ts'

export interface DaemonSetup {
  readonly start: DaemonStart
  readonly folders: Folders
  readonly place: Place
  readonly clock: Clock
  readonly log: Log
  readonly failpoint: DaemonFailpoint
}

/** A superseded daemon has nothing to finish: whatever it would write is refused. */
const unusableMs = 1000
const childGraceMs = 5000

/** Steps D8 and D10. Rejects when the store cannot be opened; then nothing is held. */
export async function openDaemon(setup: DaemonSetup, context: ServeContext): Promise<Service> {
  const { store, putAside } = openStore(setup, context)
  const daemon = new Daemon(setup, context, store)
  try {
    await daemon.open(putAside)
    return daemon
  } catch (error) {
    await daemon.close()
    throw error
  }
}

function openStore({ folders, place, clock, log }: DaemonSetup, { epoch, instance, leave }: ServeContext) {
  const file = join(folders.state, 'holdfast.db')
  try {
    return openSqliteStore({
      file,
      fence: { epoch, instance },
      clock,
      onUnusable: (error) => {
        log.error('the store cannot be used any more', { code: error.code, reason: error.message })
        leave(error.message, unusableMs)
      },
    })
  } catch (error) {
    // The claim's epoch was lost and began again: we hold the lock, so the next claim may go on from the store's.
    const theirs = error instanceof DaemonError && error.code === 'fenced' ? fenceOf(file) : null
    if (theirs !== null && theirs.epoch >= epoch) replaceFile(place.epochFile, `${theirs.epoch}\n`)
    throw error
  }
}

class Daemon implements Service {
  readonly #setup: DaemonSetup
  readonly #context: ServeContext
  readonly #store: Store
  readonly #keeper: KeeperLink
  readonly #features: readonly Feature[]
  readonly #gateway: Gateway
  readonly #clients: Clients
  readonly #startedAt: string
  #state: DaemonInfo['state'] = 'starting'
  #ending: Promise<Survivors> | null = null

  constructor(setup: DaemonSetup, context: ServeContext, store: Store) {
    const { start, folders, clock, log, failpoint } = setup
    this.#setup = setup
    this.#context = context
    this.#store = store
    this.#startedAt = new Date(clock.wallMs()).toISOString()
    const config = createConfigLoader(folders.config)
    const { epoch, instance } = context
    this.#keeper = new KeeperLink(keeperPorts({ start, folders, epoch, clock, log, store, failpoint }), {
      lost: async (children) => {
        for (const feature of this.#features) await feature.keeperLost(children)
      },
      broken: (reason) => context.leave(reason),
    })
    this.#features = createFeatures({
      scope: start.scope,
      epoch,
      instance,
      version,
      store,
      keeper: this.#keeper,
      config,
      clock,
      log,
      failpoint,
      stateFolder: folders.state,
      logsFolder: folders.logs,
      variables: start.variables,
      resolveProject,
      loadConfig: (project) => config.load(project),
      childEnvironment: ({ configured, child, path }) =>
        childEnvironment({
          configured,
          tag: `${start.scope}/${child}`,
          stateFolder: folders.state,
          own: start.variables,
          path,
        }),
      logFile: (child) => childLogFile(folders.logs, child),
    })
    this.#gateway = new Gateway({
      scope: start.scope,
      logsFolder: folders.logs,
      clock,
      log,
      store,
      predecessor: context.predecessor,
      info: () => this.#info(),
      clients: () => context.clients(),
      counts: () => this.#counts(),
      keeper: () => this.#keeper.current(),
      held: () => this.#keeper.list(),
      describe: (child) => this.#features.find((each) => each.owns(child))?.describe(child) ?? null,
      resolveProject,
      loadConfig: (project) => config.load(project),
      leave: (request) => this.#leave(request),
    })
    this.#clients = new Clients(log, (client) => this.#attach(client))
  }

  async open(putAside: PutAside | null): Promise<void> {
    const { log, folders, failpoint } = this.#setup
    const { instance, predecessor } = this.#context
    await recordStart(this.#store, { instance, version, pid: process.pid, predecessor, putAside })
    const held = await this.#keeper.adopt()
    if (held.length > 0) failpoint('takeover.adopted')
    for (const feature of this.#features) await feature.recover(held.filter((child) => feature.owns(child)))
    for (const child of held) {
      if (!this.#features.some((each) => each.owns(child)))
        log.warn('a child is held that nobody knows', { child: child.id })
    }
    if (held.length > 0) failpoint('takeover.recovered')
    pruneLogs(folders.logs, new Set(held.map(({ id }) => id))).catch((error: unknown) => {
      log.warn('old logs could not be removed', { error: String(error) })
    })
    this.#state = 'ready'
  }

  accept(client: AcceptedClient): void {
    this.#clients.accept(client)
  }

  isNeeded(): boolean {
    return this.#features.some((feature) => feature.isNeeded())
  }

  async drain(reason: string, deadlineMs: number): Promise<void> {
    this.#state = 'draining'
    this.#clients.tellLeaving(reason)
    this.#keeper.leave()
    await this.#ending
    const results = await Promise.allSettled(this.#features.map((feature) => feature.drain(deadlineMs)))
    for (const result of results) {
      if (result.status === 'rejected')
        this.#setup.log.error('a feature did not drain', { reason: String(result.reason) })
    }
    await this.#record('daemon.leaving', { reason })
  }

  async close(): Promise<void> {
    this.#clients.close()
    this.#keeper.close()
    await this.#store.close()
  }

  #attach(client: Client): void {
    this.#gateway.attach(client)
    for (const feature of this.#features) feature.attach(client)
  }

  #info(): DaemonInfo {
    const { epoch, instance } = this.#context
    const { owner } = this.#setup.start
    const socket = this.#setup.place.publicSocket
    return { state: this.#state, pid: process.pid, epoch, instance, version, startedAt: this.#startedAt, socket, owner }
  }

  #counts() {
    const all = this.#features.map((feature) => feature.counts?.() ?? {})
    const sum = (of: 'queued' | 'running' | 'sessions'): number =>
      all.reduce((total, each) => total + (each[of] ?? 0), 0)
    return { queued: sum('queued'), running: sum('running'), sessions: sum('sessions') }
  }

  async #leave(request: { reason: string; deadlineMs: number | undefined; children: boolean }): Promise<Survivors> {
    this.#state = 'draining'
    if (request.children) this.#ending ??= this.#endChildren(request.deadlineMs)
    this.#context.leave(request.reason, request.deadlineMs)
    return (await this.#ending) ?? []
  }

  async #endChildren(deadlineMs: number | undefined): Promise<Survivors> {
    const graceMs = Math.min(childGraceMs, (deadlineMs ?? childGraceMs * 2) / 2)
    const { children, survivors } = await this.#keeper.endAll(graceMs)
    await this.#record('keeper.ended', { children, survivors })
    for (const feature of this.#features) await feature.keeperLost(children)
    return survivors
  }

  /** The end must not fail for want of a note about it. */
  async #record(type: string, data: Record<string, unknown>): Promise<void> {
    try {
      await this.#store.commit([{ op: 'event', type, subject: this.#context.instance, data }])
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error
      this.#setup.log.warn('an event could not be recorded', { type, code: error.code })
    }
  }
}
