// Step D7: whether too many instances before this one ended by themselves. A kill from outside of a daemon that was ready is no
// sign of a bad one; the clean end of one that was ready forgives what was before it. Pure. Times are since boot: a step of the wall clock is nothing.
import { type ExitRecord, listExits } from '../claim/exit-record.ts'
import { bootMs, systemFiles } from '../claim/system-ports.ts'
import { thisSystem } from '../os/this-system.ts'
import type { Place } from '../place.ts'
import type { Service } from './options.ts'
import { defaultRestartPolicy, restartDecision, type RestartPolicy } from '../supervise/restart-intensity.ts'

/** The unexpected ends since the last clean one of this boot, oldest first. */
function unexpected(exits: readonly ExitRecord[], bootId: string): ExitRecord[] {
  const found: ExitRecord[] = []
  for (const exit of exits) {
    // One that never was ready, such as one in quarantine, proves nothing by leaving in order.
    if (exit.kind === 'clean' && !exit.wasReady) continue
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

/** Why the next daemon of this place would be in quarantine, or null. Changes nothing. */
export async function quarantineOf(place: Place): Promise<string | null> {
  const exits = await listExits(systemFiles(), place)
  return quarantineReason(exits, { bootId: thisSystem.bootId(), bootMs: bootMs() })
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
