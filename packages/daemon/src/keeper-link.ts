// The daemon's one connection to its keeper: made on demand, made again after a loss. When a keeper dies, what it held is found by
// tag and ended before the features are told and before the next keeper starts: no child ever runs beside its successor.
import { type HeldChild, type KeeperClient, KeeperError } from '@holdfast/keeper'
import { type Clock, isLifecycleError, type Log } from '@holdfast/lifecycle'
import { DaemonError } from './errors.ts'
import type { Reaped } from './reap.ts'

export interface Keeper {
  /** The keeper, started when there is none. Rejects with `keeper-failed`, or `draining` once the daemon leaves. */
  use(): Promise<KeeperClient>
  /** The keeper when one is connected now; never starts one. */
  current(): KeeperClient | null
}

export interface KeeperLinkPorts {
  /** The keeper that is alive, commanded by us; null when there is none. */
  connect(): Promise<KeeperClient | null>
  /** The keeper, started when there is none. */
  ensure(): Promise<KeeperClient>
  /** Ends whatever is tagged and not held by a living keeper. */
  reap(spare: ReadonlySet<string>): Promise<Reaped[]>
  /** Ends the keeper that cannot be commanded, if there is one; its children are left to be reaped. */
  endUnusable(): Promise<void>
  /** For the journal. */
  record(type: string, subject: string, data: Record<string, unknown>): Promise<void>
  readonly log: Log
  readonly clock: Clock
}

export interface KeeperLinkEvents {
  /** The keeper is dead; its children are ended and reported. */
  lost(children: readonly string[]): Promise<void>
  /** The connection is gone although the keeper lives: only a fresh daemon can be sure of what it says. */
  broken(reason: string): void
}

export interface Ended {
  readonly children: readonly string[]
  readonly survivors: readonly { readonly pid: number; readonly command: string }[]
}

const nothing: Ended = { children: [], survivors: [] }

/** How long a keeper that is told to end may be silent, beside the grace of its children. */
const silentMs = 2000

/** A keeper that goes before its answer is read has ended its children, or left them to be found by tag. Null: it is silent. */
async function shutDown(
  { client, known, clock }: { client: KeeperClient; known: readonly string[]; clock: Clock },
  graceMs: number,
): Promise<Ended | null> {
  let children = known
  const end = async (): Promise<Ended> => {
    const { survivors } = await client.shutdown(graceMs)
    await client.closed
    return { children, survivors }
  }
  try {
    const held = await answered(clock, silentMs, client.list())
    children = held?.map(({ id }) => id) ?? known
    return held === null ? null : await answered(clock, graceMs + silentMs, end())
  } catch (error) {
    if (error instanceof KeeperError && error.code === 'keeper-gone') return { children, survivors: [] }
    throw error
  }
}

/** Null when it takes longer; what comes later is not waited for. */
function answered<T>(clock: Clock, ms: number, answer: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ms, () => resolve(null))
    answer.then(resolve, reject).finally(() => timer.cancel())
  })
}

export class KeeperLink implements Keeper {
  readonly #ports: KeeperLinkPorts
  readonly #events: KeeperLinkEvents
  #client: KeeperClient | null = null
  #starting: Promise<KeeperClient> | null = null
  /** Under way while the remains of a dead keeper are being ended. */
  #settling: Promise<void> = Promise.resolve()
  #isLeaving = false
  #known: readonly string[] = []

  constructor(ports: KeeperLinkPorts, events: KeeperLinkEvents) {
    this.#ports = ports
    this.#events = events
  }

  /** At start: takes over the keeper that is alive, ends what no keeper holds. Returns what is held. */
  async adopt(): Promise<readonly HeldChild[]> {
    let client: KeeperClient | null
    try {
      client = await this.#ports.connect()
    } catch (error) {
      if (!(error instanceof KeeperError) || error.code !== 'keeper-incompatible') throw error
      // It lives, so nothing of its is ended; whatever needs a keeper is refused with this until somebody ends it.
      this.#ports.log.error('the keeper that runs cannot be commanded', { reason: error.message })
      return []
    }
    const held = client === null ? [] : await client.list()
    await this.#reap(new Set(held.map(({ id }) => id)))
    if (client !== null) this.#watch(client)
    this.#known = held.map(({ id }) => id)
    return held
  }

  current(): KeeperClient | null {
    return this.#client
  }

  use(): Promise<KeeperClient> {
    if (this.#isLeaving) return Promise.reject(new DaemonError('draining', 'the daemon is leaving'))
    if (this.#client !== null) return Promise.resolve(this.#client)
    this.#starting ??= this.#start().finally(() => (this.#starting = null))
    return this.#starting
  }

  /** What the keeper holds now; nothing without one. */
  async list(): Promise<readonly HeldChild[]> {
    const held = (await this.#client?.list()) ?? []
    this.#known = held.map(({ id }) => id)
    return held
  }

  /** No keeper is started from here on; the one that is there stays. */
  leave(): void {
    this.#isLeaving = true
  }

  /** Ends every child and the keeper, also one that is just being started. */
  async endAll(graceMs: number): Promise<Ended> {
    this.leave()
    await this.#settling
    await this.#starting?.catch((error: unknown) => {
      this.#ports.log.info('no keeper came to be ended', { reason: String(error) })
    })
    const client = this.#client
    this.#client = null
    if (client === null) await this.#ports.endUnusable()
    const { children, survivors } = client === null ? nothing : await this.#endKeeper(client, graceMs)
    const reaped = await this.#reap(new Set())
    return {
      children: [...new Set([...children, ...reaped.map(({ child }) => child)])],
      survivors: [...survivors, ...reaped.flatMap((each) => each.survivors)],
    }
  }

  /** One that is silent is ended itself; what it held is then found by tag. */
  async #endKeeper(client: KeeperClient, graceMs: number): Promise<Ended> {
    const { clock, log } = this.#ports
    const known = this.#known
    const ended = await shutDown({ client, known, clock }, graceMs)
    if (ended !== null) return ended
    log.warn('the keeper does not answer: it is ended, then its children', { keeper: client.pid })
    client.close()
    await this.#ports.endUnusable()
    return { children: known, survivors: [] }
  }

  /** Lets go of the keeper; it goes on holding. */
  close(): void {
    this.leave()
    const client = this.#client
    this.#client = null
    client?.close()
  }

  async #start(): Promise<KeeperClient> {
    await this.#settling
    try {
      const client = (await this.#ports.connect()) ?? (await this.#startFresh())
      this.#watch(client)
      return client
    } catch (error) {
      if (error instanceof DaemonError) throw error
      const said = reasonOf(error)
      if (error instanceof KeeperError && error.code === 'keeper-incompatible') {
        throw new DaemonError('keeper-incompatible', `the keeper that runs cannot be used: ${said}`, { cause: error })
      }
      throw new DaemonError('keeper-failed', `no keeper could be started: ${said}`, { cause: error })
    }
  }

  async #startFresh(): Promise<KeeperClient> {
    await this.#reap(new Set())
    const client = await this.#ports.ensure()
    await this.#ports.record('keeper.started', client.instance, { pid: client.pid, version: client.version })
    return client
  }

  #watch(client: KeeperClient): void {
    this.#client = client
    void client.closed.then(() => this.#onClosed(client))
  }

  #onClosed(client: KeeperClient): void {
    if (this.#client !== client) return
    this.#client = null
    this.#settling = this.#settle(client).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      this.#ports.log.error('what a lost keeper left could not be settled', { reason })
      this.#events.broken(`the keeper was lost: ${reason}`)
    })
  }

  async #settle(client: KeeperClient): Promise<void> {
    this.#ports.log.warn('the connection to the keeper is gone', { pid: client.pid })
    const again = await this.#ports.connect()
    if (again !== null) {
      again.close()
      this.#events.broken('the connection to the keeper was lost')
      return
    }
    const reaped = await this.#reap(new Set())
    const lost = [...new Set([...this.#known, ...reaped.map(({ child }) => child)])]
    this.#known = []
    await this.#ports.record('keeper.lost', client.instance, { pid: client.pid, children: lost })
    await this.#events.lost(lost)
  }

  async #reap(spare: ReadonlySet<string>): Promise<Reaped[]> {
    const reaped = await this.#ports.reap(spare)
    for (const { child, ended, survivors } of reaped) {
      this.#ports.log.warn('ended what a dead keeper left', { child, ended, survivors })
      await this.#ports.record('child.reaped', child, { ended, survivors })
    }
    return reaped
  }
}

/** With the line of its log that tells most, where it left a log. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!isLifecycleError(error) || error.evidence === undefined) return error.message
  const lines = error.evidence.split('\n').filter((line) => line.trim() !== '')
  const telling = lines.findLast((line) => /^\S*Error\b/.test(line)) ?? lines.at(-1)
  return telling === undefined ? error.message : `${error.message}: ${telling.trim()}`
}
