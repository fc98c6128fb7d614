// `holdfast events`: what happened in this scope, and with -f what happens.
import { eventNotice, followEvents, readEvents, type Event } from '@holdfast/protocol'
import type { Context, Run } from '../command.ts'
import type { DaemonLink } from '../daemon-link.ts'
import { printable } from '../render/table.ts'
import { timedOut } from '../time-limit.ts'

const pageSize = 500
/** Without --since, this many of the newest are shown. */
const recent = 50

export const run: Run = async (context) => {
  const { options, out, link, signal } = context
  const since = options.number('since')
  const daemon = await link({ staysConnected: options.has('follow') })
  const cursor = await readFrom(daemon, since, context)
  if (options.has('follow') && !signal.aborted) await follow(daemon, cursor, context)
  else if (!out.json && cursor === (since ?? 0))
    out.notice(since === null ? 'no events yet' : `no events after ${since}`)
}

/** From `since` on, or with null the newest; gives the cursor of the last that was shown. */
async function readFrom(daemon: DaemonLink, since: number | null, { out, signal }: Context): Promise<number> {
  let from: { since: number } | { newest: number } = since === null ? { newest: recent } : { since }
  let cursor = since ?? 0
  for (;;) {
    const page = await daemon.request(readEvents, { ...from, limit: pageSize }, { signal, isIdempotent: true })
    if (page.gap === true && cursor === since && since > 0) {
      out.notice(`there is no event ${since} any more; these are the oldest kept`)
    }
    for (const event of page.events) await out.line(event, () => render(event))
    const last = page.events.at(-1)?.cursor ?? cursor
    if (page.events.length === 0) return cursor
    if (last <= cursor) return last
    cursor = last
    from = { since: cursor }
  }
}

/** Goes on over daemons that come and go: each is asked for what comes after the last event that was shown. */
async function follow(daemon: DaemonLink, since: number, { out, signal }: Context): Promise<void> {
  let cursor = since
  daemon.onNotice(eventNotice, async (event) => {
    if (event.cursor <= cursor) return
    cursor = event.cursor
    await out.line(event, () => render(event))
  })
  await daemon.request(followEvents, { since: cursor }, { signal, isIdempotent: true })
  daemon.onReconnect(async ({ peer }) => {
    await peer.request(followEvents, { since: cursor }, { signal })
  })
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const late = timedOut(signal)
  if (late !== null) throw late
}

function render({ cursor, at, epoch, type, subject, data }: Event): string {
  const more = Object.entries(data).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return printable(
    `${String(cursor).padStart(6)}  ${at}  e${epoch}  ${type.padEnd(18)}  ${[subject, ...more].join(' ')}`,
  )
}
