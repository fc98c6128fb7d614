// What can be said of a place from outside: for `status` and `doctor`. Never starts, signals, locks or changes anything.
import { type ExitRecord, listExits } from '../claim/exit-record.ts'
import { systemFiles } from '../claim/system-ports.ts'
import { type Clock, deadlineIn, systemClock } from '../clock.ts'
import type { LifecycleError } from '../errors.ts'
import type { Welcome } from '../handshake.ts'
import { tailFile } from '../log.ts'
import type { Place } from '../place.ts'
import { type DaemonRecord, type Label, parseRecord } from '../record.ts'
import { connectDaemon, type Greeting } from './connect.ts'
import { isStopped, labelOf, provedHolder, seemsHeld } from './holder.ts'
import { judgeSilence } from './hung.ts'

/** `starting`: the lock is held, nobody listens yet. `silent`: it did not answer, but is not proved to be hung. */
export type ObservedState =
  | 'ready'
  | 'starting'
  | 'quarantined'
  | 'draining'
  | 'absent'
  | 'silent'
  | 'hung'
  | 'incompatible'
  | 'foreign'
  | 'forbidden'

/** What is known of a place from outside. */
export interface Observation {
  readonly state: ObservedState
  /** What it said, where it answered. */
  readonly welcome: Welcome | null
  /** What the record says; advice only. */
  readonly record: DaemonRecord | null
  /** What the lock's label says; advice only. */
  readonly label: Label | null
  /** How the last instance that is gone ended. */
  readonly lastExit: ExitRecord | null
  readonly error: LifecycleError | null
}

const adviceBytes = 16 * 1024

/** Looks at a place for at most about three times `probeMs`. */
export async function observe(
  place: Place,
  greeting: Greeting,
  { probeMs, clock = systemClock }: { readonly probeMs: number; readonly clock?: Clock },
): Promise<Observation> {
  const [lastExit = null] = await listExits(systemFiles(), place, 1)
  const record = parseRecord(tailFile(place.recordFile, adviceBytes))
  const known = { record, label: labelOf(place), lastExit, welcome: null, error: null }
  let seen = await connectDaemon(place, greeting, { timeoutMs: probeMs, clock })
  if (seen.kind === 'silent') {
    const deadline = deadlineIn(clock, probeMs * 2)
    const probing = { place, greeting, clock, deadline, probeMs: probeMs / 2 }
    const verdict = await judgeSilence(probing, () => isStopped(provedHolder(place.lockFile)))
    if (verdict.kind !== 'answers') return { ...known, state: verdict.kind === 'hung' ? 'hung' : 'silent' }
    seen = verdict.result
  }
  switch (seen.kind) {
    case 'connected':
    case 'quarantined':
      seen.socket.destroy()
      return { ...known, state: seen.welcome.state, welcome: seen.welcome }
    case 'incompatible':
    case 'foreign':
    case 'forbidden':
      return { ...known, state: seen.kind, error: seen.error }
    case 'absent':
    case 'refused':
      return { ...known, state: seemsHeld(place) ? 'starting' : 'absent' }
    case 'silent':
    case 'draining':
      break
  }
  return { ...known, state: seen.kind }
}
