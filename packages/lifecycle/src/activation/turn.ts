// What the one client that has the turn does: look again, and then start a daemon, wait for one that is coming up or leaving, or end
// one that is hung. Invariant: a healthy daemon is used, never replaced (I4); nobody is started while the lock is seen to be held.
import { type Clock, type Deadline, deadlineIn } from '../clock.ts'
import { LifecycleError } from '../errors.ts'
import { silentLog } from '../log.ts'
import { connectDaemon, type ConnectResult } from './connect.ts'
import { defaultProbeMs, type EnsureRequest } from './request.ts'
import { isLockFree, isStopped, labelOf, provedHolder, seemsHeld } from './holder.ts'
import { judgeSilence } from './hung.ts'
import type { Outcome } from './outcome.ts'
import { PauseWatch } from './pause-watch.ts'
import { endHolder } from './replace.ts'
import { spawnDetached } from './spawn-detached.ts'
import { socketStamp } from './start-turn.ts'

export interface Time {
  readonly clock: Clock
  readonly deadline: Deadline
}

/** How long the holder of the lock may take to listen. */
const comingUpMs = 10_000
/** The same, while its process is seen to be stopped. */
const stoppedMs = 1500
const pollMs = 10
/** Starts of one call: candidates that lost to somebody who then vanished, died without a word, or died when they were ready. */
const startLimit = 4

/** The turns of one call. */
export class Turn {
  private readonly request: EnsureRequest
  private readonly outcome: Outcome
  private readonly time: Time
  private readonly probeMs: number
  private starts = 0

  constructor(request: EnsureRequest, outcome: Outcome, time: Time) {
    this.request = request
    this.outcome = outcome
    this.time = time
    this.probeMs = request.probeMs ?? defaultProbeMs
  }

  connect(): Promise<ConnectResult> {
    const { place, hello } = this.request
    const { clock, deadline } = this.time
    return connectDaemon(place, hello, {
      timeoutMs: Math.max(1, Math.min(this.probeMs, deadline.remainingMs())),
      clock,
    })
  }

  /** One turn; `before` is what was seen last. Gives what there is to connect to afterwards. */
  async take(before: ConnectResult): Promise<ConnectResult> {
    // Who was silent is judged over new connections anyway: a look more would only cost the others time.
    const seen = before.kind === 'silent' ? before : await this.connect()
    const replacement = this.outcome.replacementOf(seen)
    if ((seen.kind === 'connected' || seen.kind === 'quarantined') && replacement !== null) {
      this.outcome.askedToLeave(replacement.reason)
      await replacement.askToLeave(seen.socket, seen.welcome)
      seen.socket.destroy()
      return this.whenGone({ kind: 'draining', message: `daemon ${seen.welcome.instance} was asked to leave` })
    }
    switch (seen.kind) {
      case 'absent':
      case 'refused':
        return seemsHeld(this.request.place) ? this.whenUp() : this.start()
      case 'silent':
        return this.whenJudged(seen)
      case 'draining':
        return this.whenGone(seen)
      case 'connected':
      case 'quarantined':
      case 'incompatible':
      case 'foreign':
      case 'forbidden':
        break
    }
    return seen
  }

  private async start(): Promise<ConnectResult> {
    const { place, start, onStart } = this.request
    const { clock, deadline } = this.time
    if (this.starts === startLimit) throw await this.outcome.neverUsable(startLimit)
    this.starts += 1
    this.outcome.before ??= labelOf(place)
    onStart?.(this.outcome.replaced === null ? 'absent' : 'hung')
    const instance = this.outcome.newInstance()
    const result = await spawnDetached(start, instance, { timeoutMs: deadline.remainingMs(), clock })
    if (result.kind === 'ready') return this.connect()
    if (result.kind === 'lost') {
      if (this.starts < startLimit) return this.whenUp()
      const by = result.by === null ? 'somebody unknown' : `instance ${result.by.instance}`
      throw new LifecycleError('start-failed', `${this.starts} candidates lost the claim, the last one to ${by}`)
    }
    // Killed from outside before it could say or log a word: that is nothing that the next one would repeat.
    const isSilentDeath = result.kind === 'died' && result.evidence === '' && this.starts < 2
    if (isSilentDeath && !deadline.isOver()) return this.start()
    throw await this.outcome.failedStart(result, instance)
  }

  /** Somebody holds the lock and does not listen yet: waits for the socket, or for the lock. */
  private async whenUp(): Promise<ConnectResult> {
    const { place } = this.request
    const { clock, deadline } = this.time
    let patience = deadlineIn(clock, comingUpMs)
    let watch = new PauseWatch(clock)
    let stopped = deadlineIn(clock, stoppedMs)
    let stamp = ''
    try {
      for (;;) {
        if (socketStamp(place) !== stamp) {
          stamp = socketStamp(place)
          const seen = await this.connect()
          if (seen.kind !== 'absent' && seen.kind !== 'refused') return seen
        }
        if (!seemsHeld(place) && (await isLockFree(place))) return await this.start()
        if (deadline.isOver()) throw this.outcome.late({ kind: 'absent' })
        if (!isStopped(provedHolder(place.lockFile))) stopped = deadlineIn(clock, stoppedMs)
        if (patience.isOver() || stopped.isOver()) {
          if (watch.stop()) break
          patience = deadlineIn(clock, comingUpMs)
          stopped = deadlineIn(clock, stoppedMs)
          watch = new PauseWatch(clock)
        }
        await clock.sleep(Math.min(pollMs, deadline.remainingMs()))
      }
    } finally {
      watch.stop()
    }
    return this.replace('it held the lock and did not listen')
  }

  private async whenJudged(seen: ConnectResult): Promise<ConnectResult> {
    const { place, hello: greeting } = this.request
    const probing = { place, greeting, ...this.time, probeMs: this.probeMs }
    const verdict = await judgeSilence(probing, () => isStopped(provedHolder(place.lockFile)))
    if (verdict.kind === 'answers') return verdict.result
    if (verdict.kind === 'late') throw this.outcome.late(seen)
    const waitedMs = Math.round(verdict.waitedMs + this.probeMs)
    return this.replace(`it gave no welcome for ${waitedMs} ms over separate connections`)
  }

  private async replace(reason: string): Promise<ConnectResult> {
    const { place, log = silentLog } = this.request
    const before = labelOf(place)
    const replaced = await endHolder({ place, ...this.time, log, reason })
    this.outcome.before ??= before
    this.outcome.replaced ??= replaced
    return this.start()
  }

  /** It is leaving: its lock comes free no later than its own deadline. */
  private async whenGone(seen: ConnectResult): Promise<ConnectResult> {
    const { place } = this.request
    const { clock, deadline } = this.time
    const stamp = socketStamp(place)
    for (;;) {
      if (!seemsHeld(place) && (await isLockFree(place))) return this.start()
      if (!['none', stamp].includes(socketStamp(place))) return this.connect()
      if (deadline.isOver()) throw this.outcome.late(seen)
      await clock.sleep(Math.min(pollMs, deadline.remainingMs()))
    }
  }
}
