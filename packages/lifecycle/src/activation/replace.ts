// Ends a hung holder of the lock so that another can take it: TERM, KILL, and then the LOCK has to become free; nothing else
// proves its death (K11). Without proof of who holds it there is no signal, only an error (K13).
import { type Clock, deadlineIn, type Deadline } from '../clock.ts'
import { systemFiles, bootMs } from '../claim/system-ports.ts'
import { encodeExit, exitFile, exitOf } from '../claim/exit-record.ts'
import { LifecycleError } from '../errors.ts'
import type { Identity } from '../identity.ts'
import type { Log } from '../log.ts'
import type { Place } from '../place.ts'
import { sameProcess } from '../process/identity.ts'
import { signalProcess } from '../process/signal.ts'
import type { Label } from '../record.ts'
import { isLockFree, isStopped, labelOf, provedHolder } from './holder.ts'

export interface Replacing {
  readonly place: Place
  readonly clock: Clock
  readonly deadline: Deadline
  readonly log: Log
  /** Why; goes into the exit record. */
  readonly reason: string
}

/** The process that was ended. */
export interface Replaced {
  readonly pid: number
  readonly instance: string | null
}

const termGraceMs = 400
const killWaitMs = 3000
const pollMs = 5

/** Ends the holder and waits for its lock. Null when the lock came free by itself. Throws `owner-unknown`, `daemon-hung`. */
export async function endHolder(replacing: Replacing): Promise<Replaced | null> {
  const { place, clock, log } = replacing
  if (await isLockFree(place)) return null
  const holder = provedHolder(place.lockFile)
  if (holder === null) throw unknownOwner(place)
  const label = labelOf(place)
  log.warn('ending a daemon that does not answer', { pid: holder.pid, reason: replacing.reason })
  const graceMs = isStopped(holder) ? 0 : termGraceMs
  send(place, holder, 'SIGTERM')
  if (!(await cameFree(place, { clock, deadline: deadlineIn(clock, graceMs) }))) {
    // The proof is made anew: time has passed.
    const still = provedHolder(place.lockFile)
    if (still !== null && sameProcess(still, holder) === true) send(place, holder, 'SIGKILL')
    const waitMs = Math.min(killWaitMs, Math.max(200, replacing.deadline.remainingMs()))
    if (!(await cameFree(place, { clock, deadline: deadlineIn(clock, waitMs) }))) {
      throw new LifecycleError('daemon-hung', `process ${holder.pid} holds ${place.lockFile} and does not end`)
    }
  }
  const isItsLabel = label !== null && sameProcess(label.identity, holder) === true
  if (isItsLabel) await recordHang(place, label, replacing)
  return { pid: holder.pid, instance: isItsLabel ? label.instance : null }
}

function send(place: Place, holder: Identity, signal: NodeJS.Signals): void {
  if (signalProcess(holder, signal) === 'refused') throw unknownOwner(place)
}

function unknownOwner(place: Place): LifecycleError {
  const label = labelOf(place)
  const named = label === null ? 'it has no readable label' : `its label names process ${label.identity.pid}`
  return new LifecycleError('owner-unknown', `${place.lockFile} is held by a process that cannot be proved; ${named}`)
}

async function cameFree(
  place: Place,
  { clock, deadline }: { readonly clock: Clock; readonly deadline: Deadline },
): Promise<boolean> {
  for (;;) {
    if (provedHolder(place.lockFile) === null && (await isLockFree(place))) return true
    if (deadline.isOver()) return false
    await clock.sleep(pollMs)
  }
}

async function recordHang(place: Place, label: Label, { clock, reason }: Replacing): Promise<void> {
  const exit = exitOf(label, { kind: 'hang', reason }, { wallMs: clock.wallMs(), bootMs: bootMs() })
  await systemFiles().createOnce(exitFile(place, label.instance), encodeExit(exit))
}
