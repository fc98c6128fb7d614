// Waits for something, but no longer than agreed; what comes later is not waited for.
import type { Clock } from '../clock.ts'

export type Within<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'cut-off' }

/** The outcome of `work`, or `cut-off` after `ms`. Never rejects. */
export function within<T>(clock: Clock, ms: number, work: () => Promise<T>): Promise<Within<T>> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(ms, () => resolve({ kind: 'cut-off' }))
    const finish = (outcome: Within<T>): void => {
      timer.cancel()
      resolve(outcome)
    }
    Promise.resolve()
      .then(work)
      .then(
        (value) => finish({ kind: 'done', value }),
        (error: unknown) => finish({ kind: 'failed', error }),
      )
  })
}
