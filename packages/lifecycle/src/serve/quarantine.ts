// Step D7: whether too many instances before this one ended by themselves. A kill from outside of a daemon that was ready is no
// sign of a bad one, and a clean end forgives what was before it. Pure. Times are since boot: a step of the wall clock is nothing.
import type { ExitRecord } from '../claim/exit-record.ts'
import type { Service } from './options.ts'
import { defaultRestartPolicy, restartDecision, type RestartPolicy } from '../supervise/restart-intensity.ts'

/** The unexpected ends since the last clean one of this boot, oldest first. */
function unexpected(exits: readonly ExitRecord[], bootId: string): ExitRecord[] {
  const found: ExitRecord[] = []
  for (const exit of exits) {
    if (exit.identity.bootId !== bootId || exit.kind === 'clean' || exit.kind === 'superseded') break
    if (exit.kind === 'crash' || exit.kind === 'hang' || !exit.wasReady) found.push(exit)
  }
  return found.toReversed()
}

/** Why the next daemon must serve its status only, or null. `exits` newest first. */
export function quarantineReason(
  exits: readonly ExitRecord[],
  now: { readonly bootId: string; readonly bootMs: number },
  policy: RestartPolicy = defaultRestartPolicy,
): string | null {
  const history = unexpected(exits, now.bootId)
  const decision = restartDecision(
    history.map((exit) => ({ atMs: exit.bootMs, ranMs: exit.ranMs })),
    now.bootMs,
    policy,
  )
  if (decision.kind !== 'quarantined') return null
  const last = history.at(-1)
  return `it ended by itself ${decision.exits} times in ${decision.periodMs / 1000} s; the last time: ${last?.kind} (${last?.reason})`
}

/** What a daemon in quarantine serves when its program has nothing of its own for that: its welcome, which says it all. */
export function quarantinedService(): Service {
  return {
    accept: (client) => void client.socket.end(),
    isNeeded: () => false,
    drain: async () => undefined,
    close: async () => undefined,
  }
}
