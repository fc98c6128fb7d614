// From a failed connection to a daemon that serves (LIFECYCLE 5.4): wait for the turn, look again, then start one, wait for one that
// is coming up, or end one that is hung. Each round ends in a connection, a typed error, or another look.
import { ensureFolder } from '../folders.ts'
import { thisSystem } from '../os/this-system.ts'
import type { ConnectResult } from './connect.ts'
import type { Ensured, EnsureRequest } from './request.ts'
import { Outcome } from './outcome.ts'
import { socketStamp, takeTurn } from './start-turn.ts'
import { type Time, Turn } from './turn.ts'

/** Goes on after `first`, which was no usable connection. */
export async function activate(request: EnsureRequest, first: ConnectResult, time: Time): Promise<Ensured> {
  const { place } = request
  const outcome = new Outcome(request)
  const turn = new Turn(request, outcome, time)
  for (let seen = first; ;) {
    const done = await outcome.accept(seen)
    if (done) return done
    if (seen === first) for (const folder of place.owned) ensureFolder(folder, thisSystem.uid())
    const lock = await takeTurn(place, socketStamp(place), time)
    if (lock.kind === 'late') throw outcome.late(seen)
    if (lock.kind === 'published') {
      seen = await turn.connect()
      continue
    }
    try {
      seen = await turn.take(seen)
    } finally {
      await lock.release()
    }
  }
}
