// Sends the journal to one client as it grows. Always read from the store, page by page, and only as fast as the client reads:
// one that does not read costs nothing but its place in the journal.
import { eventNotice, type Peer } from '@holdfast/protocol'
import type { Log } from '@holdfast/lifecycle'
import type { EventJournal } from '../store/api.ts'

const pageSize = 256

/** Sends what comes after `since`, until the peer is gone. A gap is told as an event of type `events.gap`. */
export function followEventsOf(journal: EventJournal, peer: Peer, since: number, log: Log): void {
  let cursor = since
  let wake: () => void = () => undefined
  const stop = journal.onAppend(() => wake())
  void peer.closed.then(() => {
    stop()
    wake()
  })
  const pump = async (): Promise<void> => {
    while (!peer.isClosed) {
      const appended = new Promise<void>((resolve) => (wake = resolve))
      const page = await journal.read(cursor, pageSize)
      if (page.gap) {
        const at = page.events[0]?.at ?? new Date(0).toISOString()
        const epoch = page.events[0]?.epoch ?? 0
        const gap = { cursor, at, epoch, type: 'events.gap', subject: '', data: { after: cursor } }
        peer.notify(eventNotice, gap)
      }
      for (const event of page.events) if (peer.notify(eventNotice, event) === 'slow') await peer.drained()
      cursor = page.cursor
      if (page.events.length === 0) await appended
    }
  }
  pump().catch((error: unknown) => {
    // The store is closed because the daemon leaves: the client goes on at the next one, from its last cursor.
    log.debug('a follower of events ended', { error: String(error) })
    stop()
  })
}
