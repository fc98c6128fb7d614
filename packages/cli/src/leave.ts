// Asking a daemon to leave, and seeing that it did: its process is gone, not only its connection.
import { isAlive, processIdentity, systemClock, type Identity, type Welcome } from '@holdfast/lifecycle'
import { daemonDrain, isWireError, Peer, type Connection } from '@holdfast/protocol'

export interface Survivor {
  readonly pid: number
  readonly command: string
}

export interface DrainRequest {
  readonly reason: string
  /** End the children and the keeper as well. */
  readonly children: boolean
  readonly deadlineMs: number
}

/** How long after its deadline a daemon may take to be gone. */
const leaveMs = 3000

/** Resolves when the daemon is gone. */
export async function drain(
  { socket, welcome }: Connection<Welcome>,
  request: DrainRequest,
): Promise<readonly Survivor[]> {
  const identity = processIdentity(welcome.pid)
  const peer = new Peer(socket)
  const timeoutMs = request.deadlineMs + leaveMs
  let survivors: readonly Survivor[] = []
  try {
    survivors = (await peer.request(daemonDrain, { ...request }, { timeoutMs })).survivors
  } catch (error) {
    // It was gone before its answer was: what it leaves is looked for by its process, below.
    if (!isWireError(error) || error.code !== 'connection-lost') throw error
  } finally {
    peer.close()
  }
  if (identity !== null && identity !== 'unknown') await untilGone(identity, timeoutMs)
  return survivors
}

/** Whether it ended within the time. */
export async function untilGone(identity: Identity, timeoutMs: number): Promise<boolean> {
  const endMs = systemClock.monotonicMs() + timeoutMs
  while (isAlive(identity) === 'alive') {
    if (systemClock.monotonicMs() > endMs) return false
    await systemClock.sleep(10)
  }
  return true
}
