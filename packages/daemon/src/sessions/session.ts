// Runs one session: gathers what happens, lets advance.ts decide, commits, and then makes the world match the record: process
// started or adopted, owed frames handed over, output acknowledged, tags settled. One step at a time, so nothing races.
// Invariants: nothing is acknowledged or settled before the commit that made it superfluous; a frame follows its commit.
import type { HeldChild, KeeperClient } from '@holdfast/keeper'
import { DaemonError } from '../errors.ts'
import type { DaemonFailpoint } from '../failpoints.ts'
import type { Keeper } from '../keeper-link.ts'
import type { Op, Store } from '../store/api.ts'
import { advance, type ChildInput } from './advance.ts'
import { Grip } from './grip.ts'
import { owedFrames } from './owed.ts'
import type { AskQueue, LaunchRequest, LaunchResult, SessionClock, SessionLimits } from './ports.ts'
import { sessionBuckets, type Link, type SessionRecord } from './record.ts'
import type { Step } from './step.ts'

export interface SessionWorld {
  readonly store: Store
  readonly keeper: Keeper
  readonly asks: AskQueue
  readonly clock: SessionClock
  readonly limits: SessionLimits
  readonly version: string
  readonly failpoint: DaemonFailpoint
  launch(request: LaunchRequest): Promise<LaunchResult>
  /** Where a child's stderr goes, and its last lines on one line. */
  logFile(child: string): string
  lastLines(child: string): Promise<string>
  /** A step went wrong and will be tried again. */
  onTrouble(session: string, error: unknown): void
}

interface Held {
  readonly child: HeldChild
  readonly client: KeeperClient
}

const retryMs = 500

/** What is durable after a commit with such a change. */
const stored = { start: 'ask.intended', text: 'ask.text-stored', settle: 'ask.end-stored' } as const

/** Not the agent's fault: the daemon or the keeper is on its way out. */
const retried: ReadonlySet<unknown> = new Set(['keeper-gone', 'fenced', 'leaving', 'draining'])

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null
}

export class Session {
  readonly #world: SessionWorld
  #record: SessionRecord
  #inputs: ChildInput[] = []
  #grip: Grip | null = null
  /** Given by recovery for the process that the record names; null when this daemon has to start it. */
  #held: Held | null = null
  #isDirty = false
  #loop: Promise<void> | null = null
  #isHolding = false
  #isStarting = false
  #isClosed = false
  /** The keeper's connection is gone; whether its children live is not known yet. */
  #isCut = false

  constructor(world: SessionWorld, record: SessionRecord) {
    this.#world = world
    this.#record = record
  }

  get record(): SessionRecord {
    return this.#record
  }

  /** What happened, in order; carried out soon. */
  push(input: ChildInput): void {
    this.#inputs.push(input)
    this.poke()
  }

  /** Look again: something may wait. */
  poke(): void {
    this.#isDirty = true
    this.#loop ??= this.#run()
  }

  /** The keeper still holds the record's process: go on with it. */
  adopt(child: HeldChild, client: KeeperClient): void {
    this.#held = { child, client }
    // Before any output is replayed: whether a prompt was taken decides what the end of the process means.
    for (const tag of child.openTags) this.#inputs.push({ kind: 'handed', tag, child: child.id })
    this.poke()
  }

  /** The keeper does not hold the record's process any more. One that is only about to be started is not concerned. */
  lose(reason: string): void {
    if (this.#isStarting) return
    this.#isCut = false
    this.#letGo()
    this.#held = null
    this.push({ kind: 'lost', reason })
  }

  /** Begin nothing new; resolves when what was decided is carried out. */
  async hold(): Promise<void> {
    this.#isHolding = true
    while (this.#loop !== null) await this.#loop
  }

  close(): void {
    this.#isClosed = true
    this.#letGo()
  }

  async #run(): Promise<void> {
    // Whatever comes within the same tick shares a commit.
    await Promise.resolve()
    while (this.#isDirty && !this.#isClosed) {
      this.#isDirty = false
      try {
        await this.#decide()
        if (!this.#isCut) await this.#carryOut()
      } catch (error) {
        this.#onError(error)
      }
    }
    this.#loop = null
  }

  #onError(error: unknown): void {
    const code = codeOf(error)
    if (code === 'fenced' || code === 'store-closed') return this.close()
    if (code === 'keeper-gone') return this.#cut()
    if (code === 'unknown-child') return this.lose('the keeper does not hold the agent any more')
    this.#world.onTrouble(this.#record.id, error)
    this.#world.clock.setTimer(retryMs, () => this.poke())
  }

  /** Output that is not stored yet comes again to whoever attaches next. */
  #cut(): void {
    this.#isCut = this.#record.link !== null
    this.#letGo()
  }

  #letGo(): void {
    this.#grip?.letGo()
    this.#grip = null
    this.#inputs = this.#inputs.filter(({ kind }) => kind === 'stop' || kind === 'lost')
  }

  async #decide(): Promise<void> {
    const { asks, store } = this.#world
    const inputs = this.#inputs
    this.#inputs = []
    const view = { waiting: asks.waiting(this.#record.id), isHolding: this.#isHolding || this.#isCut }
    const step = advance(this.#record, inputs, view)
    if (step.record === this.#record && step.changes.length === 0) return
    const plan = asks.plan(step.changes)
    try {
      await store.commit([...this.#recordOps(step), ...plan.ops])
    } catch (error) {
      this.#inputs = [...inputs, ...this.#inputs]
      throw error
    }
    for (const { kind } of step.changes) if (kind !== 'requeue') this.#world.failpoint(stored[kind])
    this.#record = step.record
    plan.apply()
  }

  #recordOps({ record, notes }: Step): Op[] {
    const events = notes.map(({ type, data }): Op => ({ op: 'event', type, subject: record.id, data }))
    return [{ op: 'put', bucket: sessionBuckets.session, key: record.id, value: record }, ...events]
  }

  async #carryOut(): Promise<void> {
    const { link } = this.#record
    if (this.#grip !== null && link?.child !== this.#grip.child) this.#dismiss(this.#grip)
    if (link === null) return
    this.#grip ??= await this.#takeHold(link)
    const grip = this.#grip
    if (grip === null) return
    grip.time(link)
    if (link.phase === 'closing') return grip.end()
    const owed = owedFrames(this.#record, this.#world.version)
    grip.hand(owed)
    grip.release(link, owed)
  }

  #dismiss(grip: Grip): void {
    this.#letGo()
    grip.dismiss().catch((error: unknown) => {
      if (!retried.has(codeOf(error))) this.#world.onTrouble(this.#record.id, error)
    })
  }

  async #takeHold(link: Link): Promise<Grip | null> {
    const known = this.#held?.child.id === link.child ? this.#held : null
    const held = known ?? (await this.#start(link))
    if (held === null) return null
    this.#held = held
    const { clock, limits, asks, failpoint } = this.#world
    const world = {
      clock,
      failpoint,
      limits,
      prompt: (ask: string) => asks.prompt(ask),
      lastLines: (child: string) => this.#world.lastLines(child),
    }
    const events = {
      input: (input: ChildInput, isUrgent: boolean) => (isUrgent ? this.push(input) : void this.#inputs.push(input)),
      failed: (error: unknown) => this.#onError(error),
      cut: () => this.#cut(),
    }
    const grip = new Grip(world, events, held.client, held.child)
    await grip.attach(link)
    this.#held = null
    return grip
  }

  async #start(link: Link): Promise<Held | null> {
    const { id, project, agent, name } = this.#record
    const launch = await this.#world.launch({ project, agent, child: link.child })
    if (launch.kind === 'refused') return this.#unstartable(link, launch.reason)
    this.#record = { ...this.#record, permissions: launch.permissions }
    try {
      this.#isStarting = true
      const client = await this.#world.keeper.use()
      this.#isStarting = false
      const label = { feature: 'asks', session: id, project, agent, name }
      const logFile = this.#world.logFile(link.child)
      this.#world.failpoint('agent.starting')
      const child = await client.spawn({ ...launch.spec, id: link.child, io: 'pipe', logFile, label })
      this.#world.failpoint('agent.spawned')
      return { child, client }
    } catch (error) {
      if (!(error instanceof Error) || retried.has(codeOf(error))) throw error
      const fix = error instanceof DaemonError ? ` (${error.hint})` : ''
      return this.#unstartable(link, `agent "${agent}" could not be started: ${error.message}${fix}`)
    } finally {
      this.#isStarting = false
    }
  }

  #unstartable(link: Link, reason: string): null {
    this.push({ kind: 'unstartable', reason, child: link.child })
    return null
  }
}
