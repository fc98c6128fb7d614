// How much of its time an ask has used. Time is counted on the machine's own clock since boot, which goes on across daemons and
// stands still while the machine sleeps; wall time is kept for people only.
// Invariant (18): no jump of the wall clock, no suspend and no reboot lets a deadline pass too early.
import * as v from 'valibot'

export const DeadlineRecord = v.object({
  totalMs: v.number(),
  bootId: v.string(),
  /** The clock since boot when counting began under this boot. */
  sinceMs: v.number(),
  /** Wall time at which it is expected to pass, for people. */
  expectedAt: v.string(),
})
export type DeadlineRecord = v.InferOutput<typeof DeadlineRecord>

/** The clock since boot and which boot that is. */
export interface BootClock {
  readonly bootId: string
  sinceBootMs(): number
}

export function deadlineOf(totalMs: number, clock: BootClock, wallMs: number): DeadlineRecord {
  const expectedAt = new Date(Math.min(wallMs + totalMs, 8.64e15)).toISOString()
  return { totalMs, bootId: clock.bootId, sinceMs: clock.sinceBootMs(), expectedAt }
}

/** The record as it counts under this boot: after a reboot it begins anew, since nobody can tell how long that took. */
export function rebase(record: DeadlineRecord, clock: BootClock): DeadlineRecord {
  if (record.bootId === clock.bootId) return record
  return { ...record, bootId: clock.bootId, sinceMs: clock.sinceBootMs() }
}

export function remainingMs(record: DeadlineRecord, clock: BootClock): number {
  const current = rebase(record, clock)
  return Math.max(0, current.totalMs - Math.max(0, clock.sinceBootMs() - current.sinceMs))
}
