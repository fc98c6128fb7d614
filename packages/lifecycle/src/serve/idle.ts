// When a daemon that nobody needs leaves. Looked at from time to time; the decision is taken only after whoever is already at the
// door has been let in.
import type { Clock } from '../clock.ts'

export interface IdleOptions {
  readonly clock: Clock
  /** Null: never. */
  readonly idleMs: number | null
  isNeeded(): boolean
  confirm(decide: () => void): void
  leave(): void
}

/** `look` is called at least once a second. */
export class IdleWatch {
  private readonly options: IdleOptions
  private neededAtMs: number

  constructor(options: IdleOptions) {
    this.options = options
    this.neededAtMs = options.clock.monotonicMs()
  }

  look(): void {
    if (!this.isOver()) return
    this.options.confirm(() => {
      if (this.isOver()) this.options.leave()
    })
  }

  private isOver(): boolean {
    const { clock, idleMs } = this.options
    if (idleMs === null) return false
    const now = clock.monotonicMs()
    if (this.options.isNeeded()) this.neededAtMs = now
    return now - this.neededAtMs >= idleMs
  }
}
