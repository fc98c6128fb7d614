// Reads the record of a place, for diagnostics.
import { tailFile } from './log.ts'
import type { Place } from './place.ts'
import { type DaemonRecord, parseRecord } from './record.ts'

const recordLimitBytes = 16 * 1024

/** What the record of `place` says, or null when it is missing, torn or none. Advice only: see `observe` and `isAlive`. */
export function readRecord(place: Place): DaemonRecord | null {
  return parseRecord(tailFile(place.recordFile, recordLimitBytes))
}
