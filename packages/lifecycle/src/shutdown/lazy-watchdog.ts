// Starts the watchdog when there is something to watch: a thread costs some 18 MB, which an idle daemon should not. From the
// second look on that finds clients it looks for hangs; for a drain it is there from the announcement on.
import type { Watchdog } from './watchdog.ts'

const looksBeforeStart = 2

export class LazyWatchdog {
  private readonly start: () => Watchdog
  private readonly looksForHangs: boolean
  private running: Watchdog | null = null
  private looks = 0

  constructor(start: () => Watchdog, looksForHangs: boolean) {
    this.start = start
    this.looksForHangs = looksForHangs
  }

  /** Called at each self check. */
  look(isUsed: boolean): void {
    this.looks = isUsed ? this.looks + 1 : 0
    if (this.looksForHangs && this.looks >= looksBeforeStart) this.running ??= this.start()
  }

  armDrain(ms: number): void {
    this.running ??= this.start()
    this.running.armDrain(ms)
  }

  stop(): void {
    this.running?.stop()
  }
}
