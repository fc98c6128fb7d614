// A daemon for whoever needs one: the one that runs, or a new one. The warm path is one connection; everything else is loaded
// only when that fails (I4, I5).
import { deadlineIn, systemClock } from '../clock.ts'
import { connectDaemon } from './connect.ts'
import { defaultProbeMs, type Ensured, type EnsureRequest } from './request.ts'

/**
 * Connects to the daemon of a place; starts one when there is none, and replaces one that is proved to be hung. Returns or throws
 * no later than `deadlineMs` (+100 ms). Throws `LifecycleError`: daemon-foreign, daemon-forbidden, daemon-incompatible,
 * daemon-quarantined, daemon-draining, owner-unknown, daemon-hung, start-failed (with the cause and the end of the log),
 * start-timeout, deadline-over, or what is wrong with the folders.
 */
export async function ensureDaemon(request: EnsureRequest): Promise<Ensured> {
  const clock = request.clock ?? systemClock
  const deadline = deadlineIn(clock, request.deadlineMs)
  const timeoutMs = Math.min(request.probeMs ?? defaultProbeMs, request.deadlineMs)
  const first = await connectDaemon(request.place, request.hello, { timeoutMs, clock })
  if (first.kind === 'connected' && (request.replaces?.(first.welcome) ?? null) === null) {
    const { socket, welcome } = first
    return { socket, welcome, started: false, reason: 'running' }
  }
  const { activate } = await import('./activate.ts')
  return activate(request, first, { clock, deadline })
}
