// Runs one session: gathers what happens, lets advance.ts decide, commits, and then makes the world match the record: process
// started or adopted, owed frames handed over, output acknowledged, tags settled. One step at a time, so nothing races.
// Invariants: nothing is acknowledged or settled before the commit that made it superfluous; a frame follows its commit.
import type { HeldChild, InputResult, KeeperClient } from '@holdfast/keeper'
import type { Keeper } from '../keeper-link.ts'
import type { Op, Store } from '../store/api.ts'
import { advance, type ChildInput } from './advance.ts'
import { frames } from './acp/wire.ts'
import { OffsetLines } from './lines.ts'
import { owedFrames, type OwedFrame } from './owed.ts'
import type { AskQueue, LaunchRequest, LaunchResult, SessionClock, SessionLimits, Timer } from './ports.ts'
import { sessionBuckets, type Link, type SessionRecord } from './record.ts'
import type { Step } from './step.ts'

export interface SessionWorld {
  readonly store: Store
  readonly keeper: Keeper
  readonly asks: AskQueue
  readonly clock: SessionClock
  readonly limits: SessionLimits
  readonly version: string
  launch(request: LaunchRequest): Promise<LaunchResult>
  /** Where a child's stderr goes, and its last lines on one line. */
  logFile(child: string): string
  lastLines(child: string): Promise<string>
  /** A step went wrong and will be tried again. */
  onTrouble(session: string, error: unknown): void
}

/** A process as this daemon holds it. */
interface Grip {
  readonly child: string
  readonly client: KeeperClient
  /** Tags of frames that the keeper has. */
  readonly taken: Set<string>
  /** Tags of frames on their way to it. */
  readonly onTheWay: Set<string>
  acked: number
  isStdinGone: boolean
  isEnding: boolean
  startTimer: Timer | null
  stopTimer: Timer | null
}

const retryMs = 500

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
  #held: { child: HeldChild; client: KeeperClient } | null = null
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
    this.#isCut = false
    this.#letGo()
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
    this.#world.onTrouble(this.#record.id, error)
    this.#world.clock.setTimer(retryMs, () => this.poke())
  }

  /** Output that is not stored yet will come again after the next attach. */
  #cut(): void {
    this.#isCut = this.#record.link !== null
    this.#letGo()
  }

  #letGo(): void {
    this.#grip?.startTimer?.cancel()
    this.#grip?.stopTimer?.cancel()
    this.#grip = null
    this.#inputs = this.#inputs.filter(({ kind }) => kind === 'stop' || kind === 'handed' || kind === 'lost')
  }

  async #decide(): Promise<void> {
    const { asks, store } = this.#world
    const inputs = this.#inputs
    const view = { waiting: asks.waiting(this.#record.id), isHolding: this.#isHolding || this.#isCut }
    const step = advance(this.#record, inputs, view)
    if (step.record === this.#record && step.changes.length === 0) {
      this.#inputs = []
      return
    }
    this.#inputs = []
    const plan = asks.plan(step.changes)
    try {
      await store.commit([...this.#recordOps(step), ...plan.ops])
    } catch (error) {
      this.#inputs = [...inputs, ...this.#inputs]
      throw error
    }
    this.#record = step.record
    plan.apply()
  }

  #recordOps({ record, notes }: Step): Op[] {
    const events = notes.map(({ type, data }): Op => ({ op: 'event', type, subject: record.id, data }))
    return [{ op: 'put', bucket: sessionBuckets.session, key: record.id, value: record }, ...events]
  }

  async #carryOut(): Promise<void> {
    const { link } = this.#record
    const grip = this.#grip
    if (grip !== null && link?.child !== grip.child) {
      this.#letGo()
      this.#dismiss(grip)
    }
    if (link === null) return
    const current = this.#grip ?? (await this.#takeHold(link))
    if (current === null) return
    this.#setTimers(current, link)
    if (link.phase === 'closing') return this.#end(current)
    for (const owed of owedFrames(this.#record, this.#world.version)) await this.#hand(current, owed)
    this.#release(current, link)
  }

  async #takeHold(link: Link): Promise<Grip | null> {
    const held = this.#held
    this.#held = null
    const found = held !== null && held.child.id === link.child ? held : await this.#start(link)
    return found === null ? null : this.#attach(link, found.child, found.client)
  }

  async #start(link: Link): Promise<{ child: HeldChild; client: KeeperClient } | null> {
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
      const child = await client.spawn({ ...launch.spec, id: link.child, io: 'pipe', logFile, label })
      return { child, client }
    } catch (error) {
      if (!(error instanceof Error) || retried.has(codeOf(error))) throw error
      return this.#unstartable(link, `agent "${agent}" could not be started: ${error.message}`)
    } finally {
      this.#isStarting = false
    }
  }

  #unstartable(link: Link, reason: string): null {
    this.push({ kind: 'unstartable', reason, child: link.child })
    return null
  }

  async #attach(link: Link, child: HeldChild, client: KeeperClient): Promise<Grip> {
    const taken = new Set(child.openTags)
    const grip: Grip = {
      child: link.child,
      client,
      taken,
      onTheWay: new Set(),
      acked: child.ackedOffset,
      isStdinGone: false,
      isEnding: false,
      startTimer: null,
      stopTimer: null,
    }
    this.#grip = grip
    const isCurrent = (): boolean => this.#grip === grip && !this.#isClosed
    const lines = new OffsetLines(link, this.#world.limits.lineBytes, (event) =>
      this.push({ ...event, child: link.child }),
    )
    await client.attach(link.child, link.offset, {
      data: (offset, bytes) => isCurrent() && lines.push(offset, bytes),
      end: (exit) => {
        if (!isCurrent()) return
        void this.#world.lastLines(link.child).then((lastLines) => {
          if (isCurrent()) this.push({ kind: 'ended', exit, lastLines, child: grip.child })
        })
      },
    })
    void client.closed.then(() => isCurrent() && this.#cut())
    return grip
  }

  async #hand(grip: Grip, owed: OwedFrame): Promise<void> {
    const { tag } = owed
    if (grip.taken.has(tag) || grip.onTheWay.has(tag) || grip.isStdinGone) return
    grip.onTheWay.add(tag)
    const { asks } = this.#world
    const frame =
      owed.kind === 'frame' ? owed.frame : frames.prompt(owed.ask, owed.acpSession, await asks.prompt(owed.ask))
    // Not waited for: an agent may want its output read before it reads more input. Frames keep their order.
    grip.client.input(grip.child, tag, Buffer.from(frame)).then(
      (result) => this.#handed(grip, tag, result),
      (error: unknown) => {
        grip.onTheWay.delete(tag)
        if (this.#grip === grip) this.#onError(error)
      },
    )
  }

  #handed(grip: Grip, tag: string, result: InputResult): void {
    grip.onTheWay.delete(tag)
    if (this.#grip !== grip) return
    if (result === 'gone') {
      // The process is on its way out, or only closed its ears: either way nothing more can be asked of it.
      grip.isStdinGone = true
      return this.#end(grip)
    }
    grip.taken.add(tag)
    // Not worth a commit of its own: after a crash the keeper says the same.
    this.#inputs.push({ kind: 'handed', tag, child: grip.child })
  }

  /** A process that the record does not name any more: it has ended, or it must. */
  #dismiss({ client, child }: Grip): void {
    const { limits } = this.#world
    client
      .terminate(child, limits.graceMs)
      .then(() => client.forget(child))
      .catch((error: unknown) => {
        if (codeOf(error) !== 'keeper-gone' && codeOf(error) !== 'fenced') this.#world.onTrouble(this.#record.id, error)
      })
  }

  /** Frees what the committed record does not need any more. */
  #release(grip: Grip, link: Link): void {
    if (link.offset > grip.acked) {
      grip.acked = link.offset
      grip.client.ack(grip.child, link.offset)
    }
    const owed = new Set(owedFrames(this.#record, this.#world.version).map(({ tag }) => tag))
    const settled = [...grip.taken].filter((tag) => !owed.has(tag))
    if (settled.length === 0) return
    for (const tag of settled) grip.taken.delete(tag)
    grip.client.settle(grip.child, settled)
  }

  #end(grip: Grip): void {
    if (grip.isEnding) return
    grip.isEnding = true
    void grip.client.terminate(grip.child, this.#world.limits.graceMs).then(
      async (exit) => {
        const lastLines = await this.#world.lastLines(grip.child)
        if (this.#grip === grip) this.push({ kind: 'ended', exit, lastLines, child: grip.child })
      },
      (error: unknown) => this.#onError(error),
    )
  }

  #setTimers(grip: Grip, link: Link): void {
    const { startMs, stopMs } = this.#world.limits
    const isStarting = link.phase !== 'ready' && link.phase !== 'closing'
    const isStopping = link.turn?.stop != null
    grip.startTimer = this.#timer(grip.startTimer, isStarting, startMs, 'start')
    grip.stopTimer = this.#timer(grip.stopTimer, isStopping, stopMs, 'stop')
  }

  #timer(timer: Timer | null, isWanted: boolean, ms: number, what: 'start' | 'stop'): Timer | null {
    if (!isWanted) timer?.cancel()
    if (isWanted === (timer !== null)) return timer
    if (!isWanted) return null
    const grip = this.#grip
    return this.#world.clock.setTimer(ms, () => {
      if (grip === null) return
      void this.#world.lastLines(grip.child).then((lastLines) => {
        if (this.#grip === grip) this.push({ kind: 'overdue', what, lastLines, child: grip.child })
      })
    })
  }
}
