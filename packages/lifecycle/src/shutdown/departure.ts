// The ways out. Drain: S2 to S5, each step tried whatever became of the one before, the lock let go last. Abandon: another may be
// the daemon, so nothing is touched that could be its. Undo: a start that failed leaves nothing but the record of its cause.
import type { Claim } from '../claim/claim.ts'
import type { Deadline } from '../clock.ts'
import type { Endpoint } from '../serve/endpoint.ts'
import type { Service } from '../serve/options.ts'
import type { Reception } from '../serve/reception.ts'
import type { Self } from '../serve/self.ts'
import type { Setup } from '../serve/setup.ts'
import { within } from './within.ts'

/** What leaves. */
export interface Departing {
  readonly setup: Setup
  readonly held: Claim
  readonly self: Self
  readonly reception: Reception
  readonly endpoint: Endpoint
  readonly service: Service | null
}

/** How long closing may take after the deadline of a drain. */
const closeMs = 250
/** How long a superseded daemon has: it is gone 1 s after it found out. */
export const supersededMs = 500

/** S2 to S5. */
export async function drain(daemon: Departing, reason: string, deadline: Deadline): Promise<void> {
  const { setup, self, endpoint, reception, held } = daemon
  const { ports, options } = setup
  await attempt(setup, 'write the record', () => self.writeRecord())
  passStep(setup, 'drain.refusing')
  const notes = await drainService(daemon, reason, deadline)
  passStep(setup, 'drain.closed')
  await attempt(setup, 'write the exit record', () => self.recordExit('clean', [reason, ...notes].join('; ')))
  passStep(setup, 'drain.recorded')
  await attempt(setup, 'withdraw the socket', () => endpoint.withdraw())
  await attempt(setup, 'remove the record', () => ports.files.remove(options.place.recordFile))
  passStep(setup, 'drain.unpublished')
  await attempt(setup, 'close the socket', () => endpoint.close())
  reception.closeAll()
  await attempt(setup, 'release the claim', () => held.release())
  passStep(setup, 'drain.released')
}

async function drainService({ service, setup }: Departing, reason: string, deadline: Deadline): Promise<string[]> {
  if (service === null) return ['it had not started']
  const leftMs = deadline.remainingMs()
  const drained = await within(setup.clock, leftMs, () => service.drain(reason, leftMs))
  const closed = await within(setup.clock, deadline.remainingMs() + closeMs, () => service.close())
  const notes: string[] = []
  if (drained.kind === 'cut-off') notes.push('the drain was cut off at its deadline')
  if (drained.kind === 'failed') notes.push(`the drain failed: ${String(drained.error)}`)
  if (closed.kind === 'cut-off') notes.push('closing was cut off')
  if (closed.kind === 'failed') notes.push(`closing failed: ${String(closed.error)}`)
  return notes
}

/** For a daemon that is not the daemon any more. */
export async function abandon(
  { setup, self, reception, endpoint, service, held }: Departing,
  reason: string,
): Promise<void> {
  reception.closeAll()
  await attempt(setup, 'write the exit record', () => self.recordExit('superseded', reason))
  if (service !== null) {
    const closed = await within(setup.clock, supersededMs, () => service.close())
    if (closed.kind !== 'done') setup.log.warn('the service did not close', { outcome: closed.kind })
  }
  await attempt(setup, 'close the socket', () => endpoint.close())
  await attempt(setup, 'release the claim', () => held.release())
}

/** For a daemon that could not start. */
export async function undo(daemon: Departing, cause: unknown): Promise<void> {
  const { setup, self, reception, endpoint, held, service } = daemon
  const { ports, options } = setup
  if (service !== null) await within(setup.clock, supersededMs, () => service.close())
  await attempt(setup, 'write the exit record', () => self.recordExit('crash', `it could not start: ${String(cause)}`))
  await attempt(setup, 'withdraw the socket', () => endpoint.withdraw())
  await attempt(setup, 'remove the record', () => ports.files.remove(options.place.recordFile))
  await attempt(setup, 'close the socket', () => endpoint.close())
  reception.closeAll()
  await attempt(setup, 'release the claim', () => held.release())
}

/** Passes a failpoint on the way out, where an error may stop nothing. */
export function passStep({ failpoint, log }: Setup, name: string): void {
  try {
    failpoint(name)
  } catch (error) {
    log.error(`failpoint ${name}`, { error })
  }
}

async function attempt({ log }: Setup, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    log.error(`could not ${what}`, { error })
  }
}
