// Watches the deadlines of asks that are not final. Timers are only a hint to look: what counts is the clock since boot.
import { remainingMs, type BootClock, type DeadlineRecord } from './deadline.ts'
import type { AskClock, AskTimer } from './ports.ts'

/** Longer waits are taken in steps: timers have an upper limit. */
const stepMs = 24 * 60 * 60 * 1000

export class Deadlines {
  readonly #clock: AskClock
  readonly #boot: BootClock
  readonly #timers = new Map<string, AskTimer>()

  constructor(clock: AskClock, boot: BootClock) {
    this.#clock = clock
    this.#boot = boot
  }

  watch(id: string, deadline: DeadlineRecord, onOver: () => void): void {
    const left = remainingMs(deadline, this.#boot)
    const look = (): void => {
      if (remainingMs(deadline, this.#boot) > 0) return this.watch(id, deadline, onOver)
      this.#timers.delete(id)
      onOver()
    }
    // One more than what is left: timers may fire a little early.
    this.#timers.set(id, this.#clock.setTimer(Math.min(Math.ceil(left) + 1, stepMs), look))
  }

  forget(id: string): void {
    this.#timers.get(id)?.cancel()
    this.#timers.delete(id)
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }
}
