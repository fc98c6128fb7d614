// The sessions of the daemon: one for each (project, agent, name), found again after a restart by what the store and the keeper
// hold. Invariants: a session's id never changes; a process that no session names is ended.
import type { HeldChild, KeeperClient } from '@holdfast/keeper'
import { digest } from '../digest.ts'
import * as v from 'valibot'
import type { Op } from '../store/api.ts'
import { newSession, sessionBuckets, SessionRecord } from './record.ts'
import { Session, type SessionWorld } from './session.ts'

const NameRecord = v.object({ id: v.string() })

export interface SessionsOptions extends SessionWorld {
  nextId(): string
}

export class Sessions {
  readonly #options: SessionsOptions
  readonly #sessions = new Map<string, Promise<Session | null>>()
  readonly #live = new Map<string, Session>()
  readonly #names = new Map<string, Promise<string>>()
  /** Children that the keeper held at the start and that no session has taken over yet. */
  #held = new Map<string, HeldChild>()
  #client: KeeperClient | null = null
  #isHolding = false

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  get count(): number {
    return [...this.#live.values()].filter((session) => session.record.link !== null).length
  }

  async ensure(project: string, agent: string, name: string): Promise<string> {
    const key = digest([project, agent, name].join('\0'), 32)
    const known = this.#names.get(key) ?? this.#ensure(key, { project, agent, name })
    this.#names.set(key, known)
    try {
      return await known
    } catch (error) {
      this.#names.delete(key)
      throw error
    }
  }

  async #ensure(key: string, which: { project: string; agent: string; name: string }): Promise<string> {
    const { store, clock } = this.#options
    const found = await store.get(sessionBuckets.byName, key)
    if (found !== null) return v.parse(NameRecord, found.value).id
    const createdAt = new Date(clock.wallMs()).toISOString()
    const record = newSession({ id: this.#options.nextId(), ...which, createdAt })
    const ops: Op[] = [
      { op: 'put', bucket: sessionBuckets.session, key: record.id, value: record, expect: 0 },
      { op: 'put', bucket: sessionBuckets.byName, key, value: { id: record.id }, expect: 0 },
    ]
    const commit = await store.commit(ops)
    if (!commit.ok)
      throw new Error(`session ${record.id} could not be made: its key ${commit.current?.key ?? ''} is taken`)
    return record.id
  }

  poke(id: string): void {
    this.#with(id, (session) => session.poke())
  }

  stop(id: string, ask: string, as: 'cancelled' | 'expired', reason: string): void {
    this.#with(id, (session) => session.push({ kind: 'stop', ask, as, reason }))
  }

  #with(id: string, act: (session: Session) => void): void {
    this.#find(id).then(
      (session) => session !== null && act(session),
      (error: unknown) => this.#options.onTrouble(id, error),
    )
  }

  #find(id: string): Promise<Session | null> {
    const found = this.#sessions.get(id) ?? this.#load(id)
    this.#sessions.set(id, found)
    found.catch(() => this.#sessions.delete(id))
    return found
  }

  async #load(id: string): Promise<Session | null> {
    const rec = await this.#options.store.get(sessionBuckets.session, id)
    if (rec === null) return null
    const session = new Session(this.#options, v.parse(SessionRecord, rec.value))
    this.#live.set(id, session)
    if (this.#isHolding) void session.hold()
    const { link } = session.record
    if (link === null) return session
    const child = this.#held.get(link.child)
    this.#held.delete(link.child)
    if (child === undefined || this.#client === null) session.lose(lostReason)
    else session.adopt(child, this.#client)
    return session
  }

  /** `busy`: sessions with asks that are not final. */
  async recover(held: readonly HeldChild[], client: KeeperClient | null, busy: Iterable<string>): Promise<void> {
    this.#client = client
    this.#held = new Map(held.map((child) => [child.id, child]))
    const ids = new Set([...busy, ...held.map((child) => child.label['session'] ?? '')])
    const sessions = await Promise.all([...ids].filter((id) => id !== '').map((id) => this.#find(id)))
    for (const session of sessions) session?.poke()
    for (const child of this.#held.values()) this.#endStray(child)
    this.#held = new Map()
  }

  #endStray(child: HeldChild): void {
    const client = this.#client
    if (client === null) return
    client
      .terminate(child.id, this.#options.limits.graceMs)
      .then(() => client.forget(child.id))
      .catch((error: unknown) => this.#options.onTrouble(child.id, error))
  }

  keeperLost(): void {
    for (const session of this.#live.values()) {
      if (session.record.link !== null) session.lose(lostReason)
    }
  }

  async hold(): Promise<void> {
    this.#isHolding = true
    await Promise.all([...this.#live.values()].map((session) => session.hold()))
  }

  close(): void {
    for (const session of this.#live.values()) session.close()
  }
}

const lostReason = 'the keeper that held the agent is gone; whether the agent answered cannot be known'
