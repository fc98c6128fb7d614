// The hold that this daemon has on the process of a session, through the keeper: its output as lines, frames on their way to it,
// what may be freed, its end. What happens is told as inputs of advance.ts.
// Invariant: the end of a process is told only after the fate of every frame that was on its way to it is known.
import type { ChildExit, HeldChild, InputResult, KeeperClient } from '@holdfast/keeper'
import { noFailpoint } from '@holdfast/lifecycle'
import type { DaemonFailpoint } from '../failpoints.ts'
import type { ChildInput } from './advance.ts'
import { frames } from './acp/wire.ts'
import { OffsetLines } from './lines.ts'
import type { OwedFrame } from './owed.ts'
import type { SessionClock, SessionLimits, Timer } from './ports.ts'
import type { Link } from './record.ts'

export interface GripWorld {
  readonly clock: SessionClock
  readonly limits: SessionLimits
  readonly failpoint: DaemonFailpoint
  prompt(ask: string): Promise<string>
  /** The last lines of a child's stderr, on one line. */
  lastLines(child: string): Promise<string>
}

export interface GripEvents {
  /** `isUrgent`: look at it soon; else with whatever comes next. */
  input(input: ChildInput, isUrgent: boolean): void
  /** A call to the keeper failed. */
  failed(error: unknown): void
  /** The connection to the keeper is gone. */
  cut(): void
}

export class Grip {
  readonly child: string
  readonly #world: GripWorld
  readonly #events: GripEvents
  readonly #client: KeeperClient
  /** Tags of frames that the keeper has. */
  readonly #taken: Set<string>
  /** Tags of frames on their way to it. */
  readonly #onTheWay = new Map<string, Promise<void>>()
  readonly #timers = new Map<'start' | 'stop', Timer>()
  #ackedOffset: number
  /** Nothing is given to it any more. */
  #isOver = false
  #isEnding = false
  #isLetGo = false

  constructor(world: GripWorld, events: GripEvents, client: KeeperClient, held: HeldChild) {
    this.#world = world
    this.#events = events
    this.#client = client
    this.child = held.id
    this.#taken = new Set(held.openTags)
    this.#ackedOffset = held.ackedOffset
  }

  /** Output from where the record stands on. */
  async attach(link: Link): Promise<void> {
    const lines = new OffsetLines(link, this.#world.limits.lineBytes, (event) => this.#tell(event, true))
    void this.#client.closed.then(() => {
      if (!this.#isLetGo) this.#events.cut()
    })
    await this.#client.attach(this.child, link.offset, {
      data: (offset, bytes) => {
        if (!this.#isLetGo) lines.push(offset, bytes)
      },
      end: (exit) => this.#ended(exit),
    })
  }

  /** Nothing of it is heard any more; the keeper goes on holding the process. */
  letGo(): void {
    this.#isLetGo = true
    for (const timer of this.#timers.values()) timer.cancel()
  }

  /**
   * Sends what is owed and not known to be taken, in order. Not waited for: an agent may want its output read before it reads
   * more input.
   */
  hand(owed: readonly OwedFrame[]): void {
    for (const each of owed) {
      if (this.#isOver || this.#taken.has(each.tag) || this.#onTheWay.has(each.tag)) continue
      const before = [...this.#onTheWay.values()].at(-1) ?? Promise.resolve()
      const sent = this.#send(each, before).finally(() => this.#onTheWay.delete(each.tag))
      this.#onTheWay.set(each.tag, sent)
    }
  }

  async #send(owed: OwedFrame, before: Promise<void>): Promise<void> {
    const { tag } = owed
    try {
      const frame = await this.#frame(owed)
      await before
      const pass = owed.kind === 'prompt' ? this.#world.failpoint : noFailpoint
      pass('ask.sending')
      const answer = this.#client.input(this.child, tag, Buffer.from(frame))
      pass('ask.handed')
      const result = await answer
      pass('ask.taken')
      this.#handed(tag, result)
    } catch (error) {
      if (!this.#isLetGo) this.#events.failed(error)
    }
  }

  async #frame(owed: OwedFrame): Promise<string> {
    if (owed.kind === 'frame') return owed.frame
    return frames.prompt(owed.ask, owed.acpSession, await this.#world.prompt(owed.ask))
  }

  #handed(tag: string, result: InputResult): void {
    // The process is on its way out, or only closed its ears: either way nothing more can be asked of it.
    if (result === 'gone') return this.end()
    this.#taken.add(tag)
    // Not worth a commit of its own: after a crash the keeper says the same.
    this.#tell({ kind: 'handed', tag }, false)
  }

  /** Frees what the committed record does not need any more. */
  release(link: Link, owed: readonly OwedFrame[]): void {
    if (link.offset > this.#ackedOffset) {
      this.#ackedOffset = link.offset
      this.#client.ack(this.child, link.offset)
    }
    const needed = new Set(owed.map(({ tag }) => tag))
    const settled = [...this.#taken].filter((tag) => !needed.has(tag))
    if (settled.length === 0) return
    for (const tag of settled) this.#taken.delete(tag)
    this.#client.settle(this.child, settled)
    if (link.turn === null) this.#world.failpoint('ask.releasing')
  }

  /** Ends the process, then tells it. */
  end(): void {
    this.#isOver = true
    if (this.#isEnding) return
    this.#isEnding = true
    this.#client.terminate(this.child, this.#world.limits.graceMs).then(
      (exit) => this.#ended(exit),
      (error: unknown) => {
        if (!this.#isLetGo) this.#events.failed(error)
      },
    )
  }

  /** The record does not name this process any more: it has ended, or it must. */
  async dismiss(): Promise<void> {
    this.letGo()
    await this.#client.terminate(this.child, this.#world.limits.graceMs)
    await this.#client.forget(this.child)
  }

  /** `exit` is null when only its output was closed. */
  #ended(exit: ChildExit | null): void {
    this.#isOver = true
    const tell = async (): Promise<void> => {
      const lastLines = await this.#world.lastLines(this.child)
      await Promise.all(this.#onTheWay.values())
      this.#tell({ kind: 'ended', exit, lastLines }, true)
    }
    tell().catch((error: unknown) => this.#events.failed(error))
  }

  #tell(input: ChildInput, isUrgent: boolean): void {
    if (!this.#isLetGo) this.#events.input({ ...input, child: this.child }, isUrgent)
  }

  /** Starts and stops the timers that the state of the talk asks for. */
  time(link: Link): void {
    const { startMs, stopMs } = this.#world.limits
    this.#timer('start', link.phase !== 'ready' && link.phase !== 'closing', startMs)
    this.#timer('stop', link.phase === 'ready' && link.turn?.stop != null, stopMs)
  }

  #timer(what: 'start' | 'stop', isWanted: boolean, ms: number): void {
    const timer = this.#timers.get(what)
    if (isWanted === (timer !== undefined)) return
    timer?.cancel()
    this.#timers.delete(what)
    if (!isWanted) return
    const tell = async (): Promise<void> => {
      const lastLines = await this.#world.lastLines(this.child)
      this.#tell({ kind: 'overdue', what, lastLines }, true)
    }
    const fire = (): void => void tell().catch((error: unknown) => this.#events.failed(error))
    this.#timers.set(what, this.#world.clock.setTimer(ms, fire))
  }
}
