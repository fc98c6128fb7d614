// How a daemon comes to its keeper: connects to the one that is there, or starts one.
import {
  type Clock,
  connectDaemon,
  type ConnectResult,
  deadlineIn,
  ensureDaemon,
  type Greeting,
  isLifecycleError,
  labelledHolder,
  type Log,
  type Place,
  selfIdentity,
  type StartCommand,
  systemClock,
} from '@holdfast/lifecycle'
import type { KeeperClient } from '../api.ts'
import { KeeperError } from '../errors.ts'
import { version } from '../version.ts'
import { keeperProtocol } from '../wire/messages.ts'
import { KeeperConnection } from './keeper-client.ts'

export interface ConnectKeeperOptions {
  /** Of the keeper, not of the daemon. */
  readonly place: Place
  /** Of the daemon that wants to command it. */
  readonly epoch: number
  readonly log: Log
  /** How long a keeper that is there may take to answer. Default 10 000. */
  readonly timeoutMs?: number
}

export interface EnsureKeeperOptions extends ConnectKeeperOptions {
  /** The program `keeper.js` with `--scope NAME`; the epoch is added. */
  readonly start: StartCommand
  /** For all of it. Default 30 000. */
  readonly deadlineMs?: number
  readonly clock?: Clock
}

/** A keeper that answers late holds children: it gets far more time than a daemon before it is called hung. */
const probeMs = 5000

/** How often a keeper without a socket is looked at. */
const pollMs = 20

function greeting(): Greeting {
  return { protocol: keeperProtocol, version, role: 'daemon', identity: selfIdentity() }
}

/**
 * Commands the keeper that is there. `absent`: there is none, or the one that is there has ended its children and leaves.
 * Rejects with `fenced`, `keeper-incompatible`, `keeper-silent` or `keeper-gone`; nothing is started or signalled.
 */
export async function connectKeeper(
  options: ConnectKeeperOptions,
): Promise<KeeperClient | { readonly kind: 'absent' }> {
  const { place, epoch, log, timeoutMs = 10_000 } = options
  const found = await reach(place, timeoutMs)
  if (found.kind === 'connected') return KeeperConnection.open(found.socket, epoch, log)
  if (found.kind === 'absent' || found.kind === 'refused' || found.kind === 'draining') return { kind: 'absent' }
  if (found.kind === 'quarantined') found.socket.destroy()
  throw unusable(found)
}

/**
 * Connects, or finds that there is none. Only the lock tells that a keeper is dead: one whose socket was removed holds its
 * children all the same and makes the socket anew, so it is waited for; so is the end of one that has withdrawn it.
 */
async function reach(place: Place, timeoutMs: number): Promise<ConnectResult> {
  const deadline = deadlineIn(systemClock, timeoutMs)
  for (;;) {
    const found = await connectDaemon(place, greeting(), { timeoutMs: Math.max(1, deadline.remainingMs()) })
    if (found.kind !== 'absent' && found.kind !== 'refused') return found
    const holder = labelledHolder(place)
    if (holder === null) return found
    if (deadline.isOver()) {
      const message = `the keeper ${holder.pid} holds its lock and has no socket at ${place.publicSocket}`
      throw new KeeperError('keeper-silent', message)
    }
    await systemClock.sleep(pollMs)
  }
}

function unusable(found: Exclude<ConnectResult, { kind: 'connected' | 'absent' | 'refused' | 'draining' }>): Error {
  if (found.kind === 'quarantined') {
    return new KeeperError('keeper-gone', 'the keeper crashed too often and holds nothing for now')
  }
  if (found.kind === 'silent') {
    return new KeeperError('keeper-silent', `the keeper did not answer within ${found.waitedMs} ms`)
  }
  if (found.kind !== 'incompatible') return found.error
  return new KeeperError('keeper-incompatible', found.error.message, { cause: found.error })
}

/** Commands the keeper, which is started when there is none. Rejects like `connectKeeper`, or with the kernel's reason for a failed start. */
export async function ensureKeeper(
  options: EnsureKeeperOptions,
): Promise<{ readonly client: KeeperClient; readonly started: boolean }> {
  const { place, epoch, log, deadlineMs = 30_000, clock } = options
  const start = { ...options.start, args: [...options.start.args, '--epoch', String(epoch)] }
  try {
    const ensured = await ensureDaemon({
      place,
      hello: greeting(),
      start,
      deadlineMs,
      probeMs,
      log,
      ...(clock === undefined ? {} : { clock }),
    })
    const client = await KeeperConnection.open(ensured.socket, epoch, log)
    return { client, started: ensured.started }
  } catch (error) {
    if (!isLifecycleError(error) || error.code !== 'daemon-incompatible') throw error
    throw new KeeperError('keeper-incompatible', error.message, { cause: error })
  }
}
