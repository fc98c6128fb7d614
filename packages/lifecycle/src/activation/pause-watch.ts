// Tells a silence of the other side from one of our own: while this process (or the machine) was stopped, suspended or starved,
// nobody can be blamed for saying nothing (K14, I18).
import type { Clock, Timer } from '../clock.ts'

const tickMs = 50
/** A tick that comes this much late means that we did not run. */
const lateMs = 250
/** Wall time that runs away from monotonic time by this much means a suspend, or a step of the clock. */
const driftMs = 1000

/** Watches the clocks from its making until `stop`. */
export class PauseWatch {
  private readonly clock: Clock
  private lastMs: number
  private lastWallMs: number
  private isDisturbed = false
  private timer: Timer

  constructor(clock: Clock) {
    this.clock = clock
    this.lastMs = clock.monotonicMs()
    this.lastWallMs = clock.wallMs()
    this.timer = clock.setTimer(tickMs, this.tick)
  }

  /** Ends the watch; true when this process ran all the time. */
  stop(): boolean {
    this.timer.cancel()
    this.look()
    return !this.isDisturbed
  }

  private readonly tick = (): void => {
    this.look()
    this.timer = this.clock.setTimer(tickMs, this.tick)
  }

  private look(): void {
    const nowMs = this.clock.monotonicMs()
    const wallMs = this.clock.wallMs()
    const passedMs = nowMs - this.lastMs
    if (passedMs > tickMs + lateMs || Math.abs(wallMs - this.lastWallMs - passedMs) > driftMs) this.isDisturbed = true
    this.lastMs = nowMs
    this.lastWallMs = wallMs
  }
}
