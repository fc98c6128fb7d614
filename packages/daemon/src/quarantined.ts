// What is served while too many daemons before this one ended by themselves: how it is, why, and leaving. It opens no store and
// sends nothing to children: whatever crashed the others is not touched. `down --all` ends the children all the same.
import {
  findTagged,
  isAlive,
  noFailpoint,
  placeOf,
  processVariable,
  readRecord,
  type ServeContext,
  type Service,
} from '@holdfast/lifecycle'
import { daemonDrain, type DaemonInfo, daemonStatus, type Status } from '@holdfast/protocol'
import { Clients } from './clients.ts'
import type { DaemonSetup } from './daemon.ts'
import type { Client } from './feature.ts'
import type { Survivors } from './gateway/gateway.ts'
import { exitInfo } from './gateway/last-exit.ts'
import { KeeperLink } from './keeper-link.ts'
import { keeperPorts } from './keeper-ports.ts'
import { version } from './version.ts'

const childGraceMs = 5000
const hint =
  'Read the end of `holdfast logs daemon` for the cause and mend it; then `holdfast restart` tries again at once. ' +
  'Without that the next try is a minute after the last crash.'

export function openQuarantined(setup: DaemonSetup, context: ServeContext, reason: string): Promise<Service> {
  return Promise.resolve(new QuarantinedDaemon(setup, context, reason))
}

class QuarantinedDaemon implements Service {
  readonly #setup: DaemonSetup
  readonly #context: ServeContext
  readonly #reason: string
  readonly #clients: Clients
  readonly #startedAt: string
  #isLeaving = false
  #ending: Promise<Survivors> = Promise.resolve([])

  constructor(setup: DaemonSetup, context: ServeContext, reason: string) {
    this.#setup = setup
    this.#context = context
    this.#reason = reason
    this.#startedAt = new Date(setup.clock.wallMs()).toISOString()
    this.#clients = new Clients(setup.log, (client) => this.#attach(client))
  }

  accept(client: Parameters<Service['accept']>[0]): void {
    this.#clients.accept(client)
  }

  isNeeded(): boolean {
    return false
  }

  async drain(reason: string): Promise<void> {
    this.#isLeaving = true
    this.#clients.tellLeaving(reason)
    await this.#ending
  }

  close(): Promise<void> {
    this.#clients.close()
    return Promise.resolve()
  }

  #attach({ peer }: Client): void {
    peer.handle(daemonStatus, () => this.#status())
    peer.handle(daemonDrain, async ({ reason, deadlineMs, children = false }) => {
      if (children) this.#ending = this.#endChildren()
      this.#context.leave(reason, deadlineMs)
      return { survivors: [...(await this.#ending)] }
    })
  }

  #status(): Status {
    const { start, place } = this.#setup
    const { epoch, instance, predecessor } = this.#context
    const daemon: DaemonInfo = {
      state: this.#isLeaving ? 'draining' : 'quarantined',
      pid: process.pid,
      epoch,
      instance,
      version,
      startedAt: this.#startedAt,
      socket: place.publicSocket,
      owner: start.owner,
      problem: { message: this.#reason, hint },
    }
    return {
      scope: start.scope,
      daemon,
      keeper: this.#keeper(),
      clients: this.#context.clients(),
      asks: { queued: 0, running: 0 },
      sessions: 0,
      lastExit: predecessor === null ? null : exitInfo(predecessor),
    }
  }

  /** As seen from outside: nobody connects to the keeper. */
  #keeper(): Status['keeper'] {
    const { folders } = this.#setup
    const record = readRecord(placeOf(folders, 'keeper'))
    if (record === null || isAlive(record.identity) !== 'alive') return null
    const { pid } = record.identity
    const own = findTagged(folders.scope).filter(
      (each) => each.ppid === pid && processVariable(each.pid, 'HOLDFAST_STATE') === folders.state,
    )
    return { pid, children: own.length }
  }

  async #endChildren(): Promise<Survivors> {
    const { start, folders, clock, log } = this.#setup
    const { epoch } = this.#context
    const record = (type: string, subject: string, data: Record<string, unknown>): Promise<void> => {
      log.info(type, { subject, ...data })
      return Promise.resolve()
    }
    const ports = { ...keeperPorts({ start, folders, epoch, clock, log, store: null, failpoint: noFailpoint }), record }
    const ignored = (): Promise<void> => Promise.resolve()
    const keeper = new KeeperLink(ports, { lost: ignored, broken: () => undefined })
    await keeper.adopt()
    return (await keeper.endAll(childGraceMs)).survivors
  }
}
