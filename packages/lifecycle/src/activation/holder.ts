// Who holds the lock of a place. What a file says is only a hint where to look: the proof is that the kernel shows this very lock
// in the hands of that process (K11, K13). A forged or stale label or record can therefore never point at a bystander.
import { lstatSync } from 'node:fs'
import { systemLocks } from '../claim/lock.ts'
import type { Identity } from '../identity.ts'
import { tailFile } from '../log.ts'
import type { System } from '../os/system.ts'
import { thisSystem } from '../os/this-system.ts'
import type { Place } from '../place.ts'
import { identityOf, isAlive, processIdentity } from '../process/identity.ts'
import { type Label, labelBytes, parseLabel } from '../record.ts'

/** The label on the lock, or null when it is missing or torn. */
export function labelOf(place: Place): Label | null {
  return parseLabel(tailFile(place.lockFile, labelBytes))
}

/** Does the process that the label names seem to run? For waiting only, never for signals. */
export function seemsHeld(place: Place): boolean {
  const label = labelOf(place)
  return label !== null && isAlive(label.identity) === 'alive'
}

/** The process that is proved to hold the lock of this file; null when nobody can be proved to. */
export function provedHolder(lockFile: string, system: System = thisSystem): Identity | null {
  const file = lstatSync(lockFile, { bigint: true, throwIfNoEntry: false })
  if (file === undefined || !file.isFile()) return null
  const hint = parseLabel(tailFile(lockFile, labelBytes))?.identity
  if (hint && system.holdsLock(hint.pid, file) === true) {
    const found = processIdentity(hint.pid, system)
    if (found !== null && found !== 'unknown') return found
  }
  const uid = system.uid()
  for (const each of system.all()) {
    if (each.uid !== uid || each.pid === process.pid || !each.isRunning) continue
    if (system.holdsLock(each.pid, file) === true) return identityOf(each, system)
  }
  return null
}

/** Does this process hold the claim of the place? As the kernel says, whatever any file says. */
export function holdsClaim(place: Place, pid: number, system: System = thisSystem): boolean | 'unknown' {
  const file = lstatSync(place.lockFile, { bigint: true, throwIfNoEntry: false })
  return file !== undefined && file.isFile() && system.holdsLock(pid, file)
}

/** The process that the label names, when the kernel shows the lock in its hands; looks at no other process, so it costs little. */
export function labelledHolder(place: Place, system: System = thisSystem): Identity | null {
  const named = labelOf(place)?.identity
  return named !== undefined && holdsClaim(place, named.pid, system) === true ? named : null
}

/** True when the process is stopped or traced: it cannot act on anything. */
export function isStopped(identity: Identity | null, system: System = thisSystem): boolean {
  const stat = identity === null ? null : system.stat(identity.pid)
  return stat !== null && stat !== 'unknown' && (stat.state === 'T' || stat.state === 't')
}

/** Could the lock be taken at this moment? Asked only by whoever has the turn to start. */
export async function isLockFree(place: Place): Promise<boolean> {
  const lock = await systemLocks.open(place.lockFile)
  try {
    return await lock.tryLock()
  } finally {
    await lock.close()
  }
}
