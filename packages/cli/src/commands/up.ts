// `holdfast up`: a healthy daemon is left as it is.
import type { Ensured, Replacement, Welcome } from '@holdfast/lifecycle'
import { daemonStatus, Peer, type DaemonInfo } from '@holdfast/protocol'
import type { Context, Run } from '../command.ts'
import { CliError } from '../errors.ts'
import { drain } from '../leave.ts'
import { ensureTrying } from '../try-again.ts'

const answerMs = 10_000
const drainMs = 10_000

export const run: Run = async (context) => {
  const { options, out, env } = context
  const owner = options.text('owner')
  const idleMs = options.number('idle')
  const isForced = options.has('force-rebind') || env.forceRebind
  if (options.has('foreground')) {
    const { runForeground } = await import('../foreground.ts')
    return runForeground(context, { owner, idleMs })
  }
  const notice = (text: string): void => out.notice(text)
  const replaces = (welcome: Welcome): Replacement | null => (isForced ? takeOver(welcome, owner) : null)
  const ensured = await ensureTrying({ ...context, notice }, { owner, idleMs }, replaces)
  const daemon = await infoOf(ensured, context)
  if (!ensured.started) remark(daemon, owner, context)
  out.result({ started: ensured.started, reason: ensured.reason, daemon }, () => render(ensured, daemon))
  return 0
}

/** A live owner is only pushed aside when the user says so. */
function takeOver(welcome: Welcome, owner: string | null): Replacement | null {
  if (welcome.owner === owner) return null
  return {
    reason: 'stale-config',
    askToLeave: async (socket, current) => {
      const reason = `taken over by ${owner ?? 'a daemon without an owner'}`
      await drain({ socket, welcome: current }, { reason, children: false, deadlineMs: drainMs })
    },
  }
}

export async function infoOf(
  { socket }: Pick<Ensured, 'socket'>,
  { signal }: Pick<Context, 'signal'>,
): Promise<DaemonInfo> {
  const peer = new Peer(socket)
  try {
    const { daemon } = await peer.request(daemonStatus, {}, { signal, timeoutMs: answerMs })
    if (daemon !== null) return daemon
  } finally {
    peer.destroy()
  }
  throw new CliError('internal', 'a daemon answered that there is no daemon')
}

/** A running daemon keeps the owner and the idle time that it was started with. */
function remark(daemon: DaemonInfo, owner: string | null, { options, out }: Context): void {
  if (owner !== null && daemon.owner !== null && daemon.owner !== owner) {
    const message = `daemon ${daemon.pid} belongs to "${daemon.owner}" and was left alone`
    throw new CliError('owned-by-other', message)
  }
  if (owner !== daemon.owner && owner !== null)
    out.notice('the daemon runs without an owner; --force-rebind gives it one')
  if (options.has('idle'))
    out.notice('the daemon keeps the idle time that it was started with; `holdfast restart` ends it')
}

function render({ started, reason }: Ensured, { pid, epoch, socket }: DaemonInfo): string {
  const what = started ? `started the daemon (${reason})` : 'the daemon runs'
  return `${what}: pid ${pid}, epoch ${epoch}, ${socket}`
}
