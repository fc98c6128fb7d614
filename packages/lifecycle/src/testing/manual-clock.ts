// A clock that moves only when a test says so. Timers fire in the order of their time, then of their making.
import { type Clock, type Timer, sleepWith } from '../clock.ts'

interface Pending {
  readonly atMs: number
  readonly order: number
  readonly fn: () => void
}

/** Virtual time for tests and simulations. `advance` fires what falls due; `stepWall` moves the wall clock alone. */
export class ManualClock implements Clock {
  private nowMs = 0
  private wallOffsetMs: number
  private made = 0
  private readonly pending = new Set<Pending>()

  constructor(wallMs = 1_700_000_000_000) {
    this.wallOffsetMs = wallMs
  }

  monotonicMs(): number {
    return this.nowMs
  }

  wallMs(): number {
    return this.wallOffsetMs + this.nowMs
  }

  setTimer(ms: number, fn: () => void): Timer {
    this.made += 1
    const entry: Pending = { atMs: this.nowMs + Math.max(0, ms), order: this.made, fn }
    this.pending.add(entry)
    return { cancel: () => void this.pending.delete(entry) }
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepWith(this, ms, signal)
  }

  /** The number of timers that have not fired. */
  get waiting(): number {
    return this.pending.size
  }

  /** Moves time on, firing each timer at its own moment. */
  advance(ms: number): void {
    const end = this.nowMs + ms
    for (let next = this.next(end); next; next = this.next(end)) {
      this.nowMs = next.atMs
      this.pending.delete(next)
      next.fn()
    }
    this.nowMs = end
  }

  /** Moves time to the next timer and fires it; false when there is none. Lets promises settle first. */
  async step(): Promise<boolean> {
    await new Promise((resolve) => setImmediate(resolve))
    const next = this.next(Number.POSITIVE_INFINITY)
    if (!next) return false
    this.advance(next.atMs - this.nowMs)
    await new Promise((resolve) => setImmediate(resolve))
    return true
  }

  stepWall(ms: number): void {
    this.wallOffsetMs += ms
  }

  private next(end: number): Pending | undefined {
    let best: Pending | undefined
    for (const each of this.pending) {
      if (each.atMs > end) continue
      if (!best || each.atMs < best.atMs || (each.atMs === best.atMs && each.order < best.order)) best = each
    }
    return best
  }
}
