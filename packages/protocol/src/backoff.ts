// How long to wait before the next attempt to connect: doubling, capped, and jittered so that clients do not come in step.

export interface BackoffPolicy {
  readonly firstMs: number
  readonly maxMs: number
}

export const reconnectBackoff: BackoffPolicy = { firstMs: 20, maxMs: 1000 }

/** @param attempt 0 for the first wait @param random 0 to 1; the wait is half to all of the step */
export function backoffMs(attempt: number, random: number, { firstMs, maxMs }: BackoffPolicy): number {
  const stepMs = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30))
  return stepMs * (0.5 + random / 2)
}
