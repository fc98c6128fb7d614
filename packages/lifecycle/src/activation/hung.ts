// Is a daemon that said nothing hung? Only two separate connections that both got no welcome within the deadline, while our own
// clocks show that we ran all the time, say so. A daemon that is not stopped but silent gets twice the time: it may be busy.
import type { Clock, Deadline } from '../clock.ts'
import type { Place } from '../place.ts'
import { connectDaemon, type ConnectResult, type Greeting } from './connect.ts'
import { PauseWatch } from './pause-watch.ts'

export interface Probing {
  readonly place: Place
  readonly greeting: Greeting
  readonly clock: Clock
  readonly deadline: Deadline
  /** How long each connection may stay without a welcome. */
  readonly probeMs: number
}

export type Verdict =
  | { readonly kind: 'hung'; readonly waitedMs: number }
  /** It answered after all, in whatever way. */
  | { readonly kind: 'answers'; readonly result: ConnectResult }
  | { readonly kind: 'late' }

/** The second connection starts a little after the first, so that one bad moment does not hit both. */
const staggerMs = 200

/** Judges a silent daemon. `isStopped` says whether its process is seen to be stopped (SIGSTOP). */
export async function judgeSilence(probing: Probing, isStopped: () => boolean): Promise<Verdict> {
  const { clock, deadline } = probing
  const begunMs = clock.monotonicMs()
  for (let silences = 0; ;) {
    if (deadline.isOver()) return { kind: 'late' }
    const watch = new PauseWatch(clock)
    const results = await Promise.all([probe(probing, 0), probe(probing, staggerMs)])
    const ranAllTheTime = watch.stop()
    const answer = results.find((each) => each.kind !== 'silent')
    for (const each of results) if (each !== answer) close(each)
    if (answer) return { kind: 'answers', result: answer }
    // Once we were paused, the count starts anew.
    silences = ranAllTheTime ? silences + 1 : 0
    if (silences >= (isStopped() ? 1 : 2)) return { kind: 'hung', waitedMs: clock.monotonicMs() - begunMs }
  }
}

async function probe({ place, greeting, clock, probeMs }: Probing, afterMs: number): Promise<ConnectResult> {
  if (afterMs > 0) await clock.sleep(afterMs)
  return connectDaemon(place, greeting, { timeoutMs: probeMs, clock })
}

function close(result: ConnectResult): void {
  if (result.kind === 'connected' || result.kind === 'quarantined') result.socket.destroy()
}
