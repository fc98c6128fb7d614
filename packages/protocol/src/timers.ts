// Timers as an argument, so that tests own the time.

/** The part of a clock that this package needs; `systemClock` of @holdfast/lifecycle fits. */
export interface Timers {
  setTimer(ms: number, fn: () => void): { cancel(): void }
}

export const systemTimers: Timers = {
  setTimer(ms, fn) {
    const timer = setTimeout(fn, ms)
    return { cancel: () => clearTimeout(timer) }
  },
}
