// How long to wait before the next try: doubling up to a limit, with jitter so that many do not move in step. Pure.

/** How long to wait between tries, in milliseconds. */
export interface BackoffPolicy {
  /** The first wait. */
  readonly baseMs: number
  readonly factor: number
  readonly maxMs: number
  /** The share of a wait that is left to chance, 0 to 1: the wait is between (1 - jitter) and 1 times its step. */
  readonly jitter: number
}

/** 100 ms, doubling to 30 s, half of it left to chance. */
export const defaultBackoff: BackoffPolicy = { baseMs: 100, factor: 2, maxMs: 30_000, jitter: 0.5 }

/** The wait before try number `attempt` (0 is the first repetition). `random` gives 0 to 1. */
export function backoff(
  attempt: number,
  policy: BackoffPolicy = defaultBackoff,
  random: () => number = Math.random,
): number {
  const step = Math.min(policy.maxMs, policy.baseMs * policy.factor ** Math.max(0, attempt))
  return step * (1 - policy.jitter * random())
}
