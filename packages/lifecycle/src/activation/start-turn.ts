// Herd control: of many clients that find no daemon, one starts it. Whoever does not get the start lock waits for the lock or for
// a new socket, whichever comes first. The kernel frees the lock of a starter that dies (K19); one that is stopped (Ctrl-Z) is passed
// over after a while. For order and economy only:
// that there is one daemon is the claim's business.
import { lstatSync } from 'node:fs'
import { systemLocks } from '../claim/lock.ts'
import { type Clock, type Deadline, deadlineIn } from '../clock.ts'
import { fileError } from '../errors.ts'
import type { Place } from '../place.ts'
import { isStopped, provedHolder } from './holder.ts'
import { backoff } from '../supervise/backoff.ts'

/** A starter that is seen to be stopped for so long is not waited for any more. */
const stoppedMs = 1500
const waits = { baseMs: 5, factor: 2, maxMs: 100, jitter: 0.5 }

/** Which socket lies at the public path now; another value after each publication. */
export function socketStamp(place: Place): string {
  const found = lstatSync(place.publicSocket, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? 'none' : `${found.dev}:${found.ino}:${found.ctimeNs}`
}

export type StartTurn =
  | { readonly kind: 'mine'; release(): Promise<void> }
  /** The socket is another one than `before`. */
  | { readonly kind: 'published' }
  | { readonly kind: 'late' }

/** Waits for the turn to start a daemon. */
export async function takeTurn(
  place: Place,
  before: string,
  { clock, deadline }: { readonly clock: Clock; readonly deadline: Deadline },
): Promise<StartTurn> {
  let stopped = deadlineIn(clock, stoppedMs)
  for (let attempt = 0; ; attempt += 1) {
    const lock = await open(place)
    if (await lock.tryLock()) {
      if ((await lock.inode()) === inodeAt(place.startLockFile)) return { kind: 'mine', release: () => lock.close() }
    }
    await lock.close()
    if (socketStamp(place) !== before) return { kind: 'published' }
    if (deadline.isOver()) return { kind: 'late' }
    // Only after a while, as this looks at every process: most turns come soon.
    if (attempt > 10 && !isStopped(provedHolder(place.startLockFile))) stopped = deadlineIn(clock, stoppedMs)
    if (attempt > 10 && stopped.isOver()) return { kind: 'mine', release: async () => undefined }
    await clock.sleep(Math.min(backoff(Math.min(attempt, 10), waits), deadline.remainingMs()))
  }
}

function inodeAt(path: string): string | null {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? null : `${found.dev}:${found.ino}`
}

async function open(place: Place): ReturnType<typeof systemLocks.open> {
  try {
    return await systemLocks.open(place.startLockFile)
  } catch (error) {
    throw fileError('open the start lock', place.startLockFile, error)
  }
}
