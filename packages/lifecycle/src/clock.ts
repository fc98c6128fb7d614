// Time as an argument. Deadlines are monotonic: a step of the wall clock changes no decision; a timer never keeps a process alive
// by itself unless asked for.

/** Something that will happen once, unless it is cancelled. */
export interface Timer {
  cancel(): void
}

/** Where code that waits gets its time from; `systemClock` in programs, `ManualClock` in tests. */
export interface Clock {
  /** Milliseconds since some fixed point; never steps back. */
  monotonicMs(): number
  /** Milliseconds since 1970, for people; may step. */
  wallMs(): number
  /** Runs `fn` once after `ms`. The timer keeps the process alive until it fires or is cancelled. */
  setTimer(ms: number, fn: () => void): Timer
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** A point in monotonic time. */
export interface Deadline {
  /** Milliseconds left, never below 0. */
  remainingMs(): number
  isOver(): boolean
}

/** The deadline `ms` milliseconds from now. */
export function deadlineIn(clock: Pick<Clock, 'monotonicMs'>, ms: number): Deadline {
  const end = clock.monotonicMs() + ms
  const remainingMs = (): number => Math.max(0, end - clock.monotonicMs())
  return { remainingMs, isOver: () => remainingMs() === 0 }
}

/** The operations of `sleep` over any timer; shared by every clock. */
export function sleepWith(clock: Pick<Clock, 'setTimer'>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(reasonOf(signal))
    const timer = clock.setTimer(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = (): void => {
      timer.cancel()
      if (signal) reject(reasonOf(signal))
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason })
}

/** The clock of this machine. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer(ms, fn) {
    const handle = setTimeout(fn, ms)
    return { cancel: () => clearTimeout(handle) }
  },
  sleep: (ms, signal) => sleepWith(systemClock, ms, signal),
}
