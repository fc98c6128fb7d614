// Restart intensity (K42): more unexpected exits in a period than the limit is a crash loop, which is told and not spun on.
// Below that, each restart waits longer; a healthy time starts the count anew. Pure: history in, decision out.
import { backoff, type BackoffPolicy, defaultBackoff } from './backoff.ts'

/** One unexpected exit. Exits that were asked for are not in the history. Times are of one monotonic (or at least one) clock. */
export interface UnexpectedExit {
  readonly atMs: number
  /** How long it had run. */
  readonly ranMs: number
}

/** How many unexpected ends are too many. */
export interface RestartPolicy {
  /** More than this many exits within `periodMs` is a crash loop. */
  readonly limit: number
  readonly periodMs: number
  /** A run this long forgives everything before it. */
  readonly healthyMs: number
  readonly backoff: BackoffPolicy
}

/** More than 5 in 60 s are too many; 60 s of health forgive. */
export const defaultRestartPolicy: RestartPolicy = {
  limit: 5,
  periodMs: 60_000,
  healthyMs: 60_000,
  backoff: defaultBackoff,
}

/** Restart after a wait, or stop and tell. */
export type RestartDecision =
  | { readonly kind: 'restart'; readonly afterMs: number; readonly attempt: number }
  | { readonly kind: 'quarantined'; readonly exits: number; readonly periodMs: number }

/** What to do after the last exit of `history` (oldest first), at `nowMs`. An empty history restarts at once. */
export function restartDecision(
  history: readonly UnexpectedExit[],
  nowMs: number,
  policy: RestartPolicy = defaultRestartPolicy,
  random: () => number = Math.random,
): RestartDecision {
  const streak = currentStreak(history, policy.healthyMs)
  const recent = streak.filter((exit) => nowMs - exit.atMs < policy.periodMs)
  if (recent.length > policy.limit) return { kind: 'quarantined', exits: recent.length, periodMs: policy.periodMs }
  const attempt = streak.length
  if (attempt === 0) return { kind: 'restart', afterMs: 0, attempt: 0 }
  const last = streak.at(-1)
  const waited = last ? Math.max(0, nowMs - last.atMs) : 0
  return { kind: 'restart', afterMs: Math.max(0, backoff(attempt - 1, policy.backoff, random) - waited), attempt }
}

/** The exits since the last healthy run; that run's own end begins a new streak. */
function currentStreak(history: readonly UnexpectedExit[], healthyMs: number): readonly UnexpectedExit[] {
  const lastHealthy = history.findLastIndex((exit) => exit.ranMs >= healthyMs)
  return lastHealthy < 0 ? history : history.slice(lastHealthy)
}
