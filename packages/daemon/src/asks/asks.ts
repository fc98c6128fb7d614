// The asks of the daemon as a service: what clients may do with them, and what happens to them by itself (deadlines, callers
// that leave, the end of the daemon).
import { askChunk, cancelAsk, createAsk, getAsk, listAsks as listMethod, waitAsk, type Ask } from '@holdfast/protocol'
import { DaemonError } from '../errors.ts'
import type { DaemonFailpoint } from '../failpoints.ts'
import type { Client } from '../feature.ts'
import type { Store } from '../store/api.ts'
import { acceptAsk, type AcceptWorld, type AskRequest } from './accept.ts'
import { Ids } from './ask-id.ts'
import { AskBook } from './book.ts'
import { rebase, type BootClock } from './deadline.ts'
import { Deadlines } from './deadlines.ts'
import { History } from './history.ts'
import { Holders } from './holders.ts'
import { listAsks, type ListQuery } from './list.ts'
import { lastAskId, loadOpenAsks } from './load.ts'
import { OpenAsk } from './open-ask.ts'
import type { AskAgents, AskClock, AskSessions, AskTimer } from './ports.ts'
import { buckets, type AskRecord } from './record.ts'
import { isFinal } from './transition.ts'
import { unknownAsk, waitForAsk } from './wait.ts'

export interface AsksOptions {
  readonly store: Store
  readonly agents: AskAgents
  /** The canonical project of a directory. */
  projectOf(directory: string): Promise<string>
  /** Taken late: sessions need the asks as much. */
  sessions(): AskSessions
  readonly clock: AskClock
  readonly boot: BootClock
  readonly failpoint: DaemonFailpoint
  random(): number
  readonly historyLimit?: number
  onTrouble(error: unknown): void
}

interface WaitRequest {
  readonly id: string
  readonly stream?: boolean | undefined
  readonly from?: number | undefined
}

/** For the caller of an ask with `cancelOnExit` to come back after the daemon that it spoke to is gone. */
const returnMs = 30_000

export class Asks {
  readonly book: AskBook
  readonly #options: AsksOptions
  readonly #accept: AcceptWorld
  readonly #ids: Ids
  readonly #deadlines: Deadlines
  readonly #holders: Holders
  readonly #history: History
  readonly #returns = new Map<string, AskTimer>()
  #isDraining = false

  constructor(options: AsksOptions) {
    this.#options = options
    const { store, clock, boot, agents } = options
    this.book = new AskBook({ store, wallMs: () => clock.wallMs(), onFinal: (record) => this.#onFinal(record) })
    this.#ids = new Ids('a', { wallMs: () => clock.wallMs(), random: () => options.random() })
    this.#deadlines = new Deadlines(clock, boot)
    this.#holders = new Holders((id) => this.#onAbandoned(id))
    this.#history = new History(store, options.historyLimit)
    this.#accept = {
      store,
      boot,
      agents,
      ensureSession: (project, agent, name) => options.sessions().ensure(project, agent, name),
      ids: this.#ids,
      wallMs: () => clock.wallMs(),
      record: (id) => this.book.record(id),
    }
  }

  attach(client: Client): void {
    const { peer } = client
    peer.handle(createAsk, (request) => this.create(request, client))
    peer.handle(getAsk, ({ id }) => this.get(id))
    peer.handle(listMethod, (query) => this.list(query))
    peer.handle(cancelAsk, ({ id, reason }, { signal }) => this.cancel(id, reason ?? 'cancelled by the caller', signal))
    peer.handle(waitAsk, (request, { signal }) => {
      if (this.book.open(request.id)?.record.cancelOnExit) this.#holders.add(request.id, client)
      return this.wait(request, signal, (offset, text) => {
        peer.notify(askChunk, { id: request.id, offset, text })
        return peer.drained()
      })
    })
  }

  /** `send` is given the text as it grows, when it is wanted; it resolves when more may be sent. */
  wait(
    { id, stream, from }: WaitRequest,
    signal: AbortSignal,
    send: (offset: number, text: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<Ask> {
    return waitForAsk(this.book, id, { signal, from: stream === true ? Math.max(0, from ?? 0) : null, send })
  }

  /** Finds what an earlier daemon left; before sessions recover. */
  async load(): Promise<void> {
    const { store, boot } = this.#options
    const last = await lastAskId(store)
    if (last !== null) this.#ids.startAfter(last)
    for (const open of await loadOpenAsks(store)) {
      const { record } = open
      if (record.deadline !== null && record.deadline.bootId !== boot.bootId) {
        open.record = { ...record, deadline: rebase(record.deadline, boot) }
        await store.commit([{ op: 'put', bucket: buckets.ask, key: record.id, value: open.record }])
      }
      this.book.add(open)
      this.#watch(open.record)
      if (record.cancelOnExit) this.#awaitCaller(record.id)
    }
    this.#trim()
  }

  async create(request: AskRequest, client: Client): Promise<Ask> {
    if (this.#isDraining) throw new DaemonError('draining', 'the daemon is leaving and takes no new asks')
    const project = await this.#options.projectOf(request.project)
    const { kind, record } = await acceptAsk({ ...request, project }, this.#accept)
    if (kind === 'new') {
      this.#options.failpoint('ask.accepted')
      this.book.add(new OpenAsk(record))
      this.#history.accepted()
      this.#watch(record)
      this.#options.sessions().poke(record.sessionId)
    }
    if (record.cancelOnExit && this.book.open(record.id) !== undefined) this.#holders.add(record.id, client)
    return isFinal(record.state) ? this.book.view(record, await this.book.reply(record.id)) : this.book.view(record)
  }

  async list(query: ListQuery): Promise<{ asks: Ask[] }> {
    const { store } = this.#options
    const project = query.project === undefined ? undefined : await this.#options.projectOf(query.project)
    return { asks: await listAsks(store, this.book, { ...query, project }) }
  }

  async get(id: string): Promise<Ask> {
    const record = await this.book.record(id)
    if (record === null) throw unknownAsk(id)
    const prompt = await this.book.prompt(id)
    const reply = isFinal(record.state) ? await this.book.reply(id) : null
    return { ...this.book.view(record, reply), prompt }
  }

  async cancel(id: string, reason: string, signal: AbortSignal): Promise<Ask> {
    const record = await this.book.record(id)
    if (record === null) throw unknownAsk(id)
    if (!isFinal(record.state)) this.#options.sessions().stop(record.sessionId, id, 'cancelled', reason)
    return this.wait({ id }, signal)
  }

  drain(): void {
    this.#isDraining = true
    this.#deadlines.close()
    for (const id of this.#returns.keys()) this.#forgetReturn(id)
  }

  #watch(record: AskRecord): void {
    const { deadline, id, sessionId } = record
    if (deadline === null) return
    const reason = `its deadline of ${deadline.totalMs} ms passed`
    this.#deadlines.watch(id, deadline, () => this.#options.sessions().stop(sessionId, id, 'expired', reason))
  }

  #onFinal(record: AskRecord): void {
    this.#deadlines.forget(record.id)
    this.#forgetReturn(record.id)
    this.#holders.forget(record.id)
    this.#trim()
  }

  /** For the caller to come back to this daemon. */
  #awaitCaller(id: string): void {
    const timer = this.#options.clock.setTimer(returnMs, () => {
      this.#returns.delete(id)
      if (!this.#holders.isHeld(id)) this.#onAbandoned(id)
    })
    this.#returns.set(id, timer)
  }

  /** A timer that nobody needs any more would keep a daemon alive that has left. */
  #forgetReturn(id: string): void {
    this.#returns.get(id)?.cancel()
    this.#returns.delete(id)
  }

  #onAbandoned(id: string): void {
    const open = this.book.open(id)
    if (open === undefined || this.#isDraining) return
    this.#options.sessions().stop(open.record.sessionId, id, 'cancelled', 'the command that asked is gone')
  }

  #trim(): void {
    this.#history.trim(this.book.openCount).catch((error: unknown) => this.#options.onTrouble(error))
  }
}
