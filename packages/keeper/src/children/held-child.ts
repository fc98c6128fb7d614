// One child and everything that is kept for it: its output until acknowledged, what it was given, how it ended. Effects of the
// table in child-state.ts happen here. Knows nothing of connections: whoever listens gets events.
import type { Clock, Log, Timer } from '@holdfast/lifecycle'
import type { ChildExit, ChildSpec, HeldChild as Description } from '../api.ts'
import type { KeeperFailpoint } from '../failpoints.ts'
import { InputLedger } from '../buffer/input-ledger.ts'
import { OutputBuffer } from '../buffer/output-buffer.ts'
import { KeeperError } from '../errors.ts'
import { ChildLog } from '../log/child-log.ts'
import { spawnTerminal } from '../pty/spawn-terminal.ts'
import type { InputOutcome } from '../wire/messages.ts'
import type { ChildIo, ChildIoEvents } from './child-io.ts'
import { type ChildEffect, type ChildEvent, type ChildState, hasExited, transition } from './child-state.ts'
import type { ChildLimits } from './limits.ts'
import type { Processes, Proved } from './processes.ts'
import { spawnPipes } from './spawn-pipes.ts'

/** Whoever passes the output on. */
export interface ChildListener {
  /** New output, at this offset; it is in the buffer already. */
  output(offset: number, bytes: Buffer): void
  /** `announcement` has changed. */
  announced(): void
}

/** What may be said after the last byte: nothing yet, that output was closed, or the exit. */
export type Announcement = 'none' | 'closed' | ChildExit

export interface ChildPorts {
  readonly clock: Clock
  readonly log: Log
  readonly limits: ChildLimits
  readonly processes: Processes
  readonly failpoint: KeeperFailpoint
}

export class HeldChild {
  readonly spec: ChildSpec
  readonly output: OutputBuffer
  listener: ChildListener | null = null
  readonly #ports: ChildPorts
  readonly #ledger: InputLedger
  readonly #log: ChildLog
  readonly #startedAt: string
  #io: ChildIo | null = null
  #proved: Proved | null = null
  #state: ChildState = 'running'
  #announcement: Announcement = 'none'
  #status: Omit<ChildExit, 'survivors'> | null = null
  #survivors: ChildExit['survivors'] = []
  #exit: ChildExit | null = null
  #isPaused = false
  #lastOutputMs = 0
  #timer: Timer | null = null
  #graceMs: number
  #inputWaiters: (() => void)[] = []
  #exitWaiters: ((exit: ChildExit) => void)[] = []

  constructor(spec: ChildSpec, ports: ChildPorts) {
    this.spec = spec
    this.#ports = ports
    this.output = new OutputBuffer(spec.outputBytes ?? ports.limits.outputBytes)
    this.#ledger = new InputLedger(ports.limits.openTags)
    this.#log = new ChildLog(spec.logFile)
    this.#graceMs = ports.limits.leftoverGraceMs
    this.#startedAt = new Date(ports.clock.wallMs()).toISOString()
  }

  /** Rejects with `spawn-failed` or `pty-unavailable`; then there is no child. */
  async start(): Promise<void> {
    const events: ChildIoEvents = {
      output: (bytes) => this.#takeOutput(bytes),
      outputClosed: () => this.#raise('output-closed'),
      exited: (code, signal) => this.#exited(code, signal),
      inputDrained: () => this.#inputDrained(),
    }
    const { io } = this.spec
    try {
      if (io === 'pipe') this.#io = await spawnPipes(this.spec, this.#log, events)
      else this.#io = spawnTerminal(this.spec, events, { clock: this.#ports.clock, size: io.pty })
    } catch (error) {
      void this.#log.close()
      throw error
    }
    this.#ports.failpoint('child.spawned')
    this.#proved = this.#ports.processes.prove(this.#io.pid, this.spec)
  }

  get announcement(): Announcement {
    return this.#announcement
  }

  /** The process is gone, and what it left behind; its output may not have been read to the end. */
  get isOver(): boolean {
    return this.#exit !== null
  }

  describe(): Description {
    const { id, label } = this.spec
    return {
      id,
      label,
      pid: this.#io?.pid ?? 0,
      startTicks: this.#proved?.startTicks ?? 0,
      startedAt: this.#startedAt,
      ackedOffset: this.output.ackedOffset,
      endOffset: this.output.endOffset,
      lastFrame: this.#ledger.lastFrame,
      openTags: this.#ledger.openTags,
      exit: this.#exit,
    }
  }

  /**
   * Takes one whole frame. `answer` is called at once, or when there is room again: that is the backpressure. What was taken
   * is written whole, whatever becomes of the connection that brought it.
   */
  input(tag: string | null, bytes: Buffer, answer: (outcome: InputOutcome) => void): void {
    const io = this.#io
    const { queuedInputBytes } = this.#ports.limits
    if (io === null || !io.isInputOpen || hasExited(this.#state)) return answer('gone')
    if (io.queuedBytes > queuedInputBytes * 8) return answer('full')
    const admission = this.#ledger.admit(tag)
    if (admission.kind !== 'taken') return answer(admission.kind)
    io.write(bytes)
    this.#ports.failpoint('input.taken')
    if (io.queuedBytes <= queuedInputBytes) answer('taken')
    else this.#inputWaiters.push(() => answer('taken'))
  }

  settle(tags: readonly string[]): void {
    this.#ledger.settle(tags)
  }

  acknowledge(offset: number): void {
    this.output.free(offset)
    if (!this.#isPaused || this.output.heldBytes > this.output.limitBytes * 0.75) return
    this.#isPaused = false
    this.#io?.resumeOutput()
    if (this.#state === 'lingering') this.#linger()
  }

  closeInput(): void {
    this.#io?.closeInput()
  }

  resize(columns: number, rows: number): void {
    if (this.#io === null || this.#io.resize === null) {
      throw new KeeperError('not-a-terminal', `child ${this.spec.id} is on pipes and has no size`)
    }
    this.#io.resize(columns, rows)
  }

  /** Ends the child and what it started. Resolves once it is over; when it cannot be ended it is itself among the survivors. */
  async terminate(graceMs: number): Promise<ChildExit> {
    if (this.#exit !== null) return this.#exit
    const over = new Promise<ChildExit>((resolve) => this.#exitWaiters.push(resolve))
    this.#graceMs = graceMs
    this.#io?.closeInput()
    if (this.#proved === null || hasExited(this.#state)) return over
    const isTerminal = this.spec.io !== 'pipe'
    const survivors = await this.#ports.processes.end(this.#proved, graceMs, isTerminal)
    const pid = this.#io?.pid
    if (!survivors.some((each) => each.pid === pid) || hasExited(this.#state)) return over
    return { code: null, signal: null, at: new Date(this.#ports.clock.wallMs()).toISOString(), survivors }
  }

  /** Lets go of everything; only for a child that is over. */
  release(): void {
    this.listener = null
    this.#timer?.cancel()
    this.#io?.abandonOutput()
    this.output.free(this.output.endOffset)
    void this.#log.close()
  }

  #takeOutput(bytes: Buffer): void {
    this.#ports.failpoint('output.read')
    const offset = this.output.endOffset
    this.output.append(bytes)
    if (hasExited(this.#state)) this.#lastOutputMs = this.#ports.clock.monotonicMs()
    this.listener?.output(offset, bytes)
    if (!this.output.isFull) return
    this.#isPaused = true
    this.#io?.pauseOutput()
    if (this.#state === 'lingering') this.#timer?.cancel()
  }

  #inputDrained(): void {
    const waiters = this.#inputWaiters
    if (waiters.length === 0) return
    this.#inputWaiters = []
    for (const answer of waiters) answer()
  }

  #exited(code: number | null, signal: string | null): void {
    if (this.#status !== null) return
    this.#status = { code, signal, at: new Date(this.#ports.clock.wallMs()).toISOString() }
    this.#inputDrained()
    this.#raise('exited')
  }

  #raise(event: ChildEvent): void {
    const { state, effects } = transition(this.#state, event)
    this.#state = state
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: ChildEffect): void {
    const { clock, limits } = this.#ports
    switch (effect) {
      case 'await-exit':
        this.#timer = clock.setTimer(limits.closingMs, () => this.#raise('closing-over'))
        return
      case 'announce-closed':
        this.#announce('closed')
        return
      case 'sweep':
        this.#timer?.cancel()
        void this.#sweep()
        return
      case 'await-output':
        return this.#linger()
      case 'abandon-output':
        this.#ports.log.warn('the output of a child is held open by another process; it is read no longer', {
          child: this.spec.id,
        })
        this.#io?.abandonOutput()
        return
      case 'settle-exit':
        return this.#settleExit()
      case 'announce-exit':
        this.#timer?.cancel()
        void this.#lastWords().then(() => {
          if (this.#exit !== null) this.#announce(this.#exit)
        })
    }
  }

  /** Whoever hears of the exit finds what the child said last in its log; a slow disk delays that only a little. */
  async #lastWords(): Promise<void> {
    const written = async (): Promise<void> => {
      await this.#io?.errorsEnded
      await this.#log.close()
    }
    const { clock, limits } = this.#ports
    await Promise.race([written(), clock.sleep(limits.lingerQuietMs)])
    void this.#log.close()
  }

  async #sweep(): Promise<void> {
    try {
      if (this.#proved !== null) this.#survivors = await this.#ports.processes.end(this.#proved, this.#graceMs, false)
    } catch (error) {
      // The exit must be told even so.
      this.#ports.log.error('what a child left behind could not be ended', { child: this.spec.id, error })
    }
    this.#raise('swept')
  }

  /** Waits for output that may still come. While it is paused nothing can, so that time does not count. */
  #linger(): void {
    const sinceMs = this.#ports.clock.monotonicMs()
    this.#lastOutputMs = sinceMs
    if (!this.#isPaused) this.#lingerOn(sinceMs)
  }

  #lingerOn(sinceMs: number): void {
    const { clock, limits } = this.#ports
    this.#timer = clock.setTimer(limits.lingerQuietMs, () => {
      const nowMs = clock.monotonicMs()
      const isQuiet = nowMs - this.#lastOutputMs >= limits.lingerQuietMs
      if (isQuiet || nowMs - sinceMs >= limits.lingerMs) this.#raise('linger-over')
      else this.#lingerOn(sinceMs)
    })
  }

  #settleExit(): void {
    if (this.#status === null) return
    const exit = { ...this.#status, survivors: this.#survivors }
    this.#exit = exit
    const waiters = this.#exitWaiters
    this.#exitWaiters = []
    for (const resolve of waiters) resolve(exit)
  }

  #announce(announcement: Announcement): void {
    this.#announcement = announcement
    this.listener?.announced()
  }
}
