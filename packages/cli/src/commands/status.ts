// `holdfast status`: never starts, replaces or signals anything. Its warm path is the fastest of all commands.
import { daemonStatus, Peer, type Status } from '@holdfast/protocol'
import type { Context, Run } from '../command.ts'
import { connectRunning, daemonPlace } from '../daemon-link.ts'
import { CliError } from '../errors.ts'
import { renderStatus } from '../render/status.ts'

/** A daemon that greeted and then says nothing for this long is looked at as one that hangs. */
const answerMs = 2000

export const run: Run = async (context) => {
  const status = (await askDaemon(context)) ?? (await lookFromOutside(context))
  context.out.result(status, () => renderStatus(status, Date.now(), context.out.paint))
}

async function askDaemon({ scope, env, directory, signal }: Context): Promise<Status | null> {
  const connection = await connectRunning(daemonPlace(scope, env), directory)
  if (connection === null) return null
  const peer = new Peer(connection.socket)
  try {
    return await peer.request(daemonStatus, {}, { signal, timeoutMs: answerMs })
  } catch (error) {
    if (signal.aborted) throw error
    // It left, or hangs, in the middle: what can be seen from outside says which.
    return null
  } finally {
    peer.destroy()
  }
}

async function lookFromOutside(context: Context): Promise<Status> {
  const { statusFromOutside } = await import('../status-from-outside.ts')
  const outside = await statusFromOutside(context.scope, context.env, context.directory)
  if (outside.kind === 'silent') return outside.status
  const status = await askDaemon(context)
  if (status !== null) return status
  throw new CliError('daemon-unavailable', `the daemon of scope "${context.scope}" greets, but does not answer`)
}
