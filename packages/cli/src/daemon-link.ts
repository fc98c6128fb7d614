// The way to the daemon. The warm path is a connection and a greeting; what finds, proves dead and starts daemons is loaded
// only when that fails. Keeps: a healthy daemon is used and never started, replaced or signalled.
import { connectDaemon, ensureDaemon, placeOf, resolveFolders } from '@holdfast/lifecycle'
import type { ConnectResult, Ensured, EnsureRequest, Folders, Greeting, Place, Welcome } from '@holdfast/lifecycle'
import { DaemonClient, type Connection } from '@holdfast/protocol'
import type { CliEnvironment } from './config/env.ts'
import { CliError, problemOf } from './errors.ts'
import { daemonCommand, type DaemonWishes } from './programs.ts'
import { version } from './version.ts'

export type DaemonLink = DaemonClient<Welcome>

export interface LinkOptions {
  /** Start a daemon when there is none (the default); without it a missing one is an error. */
  readonly start?: boolean
  /** Connect again as soon as a connection is lost, for those who only listen. */
  readonly staysConnected?: boolean
}

export interface LinkFrom {
  readonly scope: string
  readonly directory: string
  readonly timeoutMs: number | null
  readonly env: CliEnvironment
  readonly notice: (text: string) => void
}

/** How long a daemon may take to come up, and how long a lost one is waited for. */
const startBudgetMs = 30_000
/** How long a daemon may take to greet before it is looked at more closely. */
const greetingMs = 1000

const protocolRange = { min: 1, max: 1 } as const

export function foldersOf(scope: string, env: CliEnvironment): Folders {
  return resolveFolders({ app: 'holdfast', scope, env: env.all, uid: process.getuid?.() ?? 0 })
}

export function daemonPlace(scope: string, env: CliEnvironment): Place {
  return placeOf(foldersOf(scope, env), 'daemon')
}

export function greetingFrom(directory: string): Greeting {
  return { protocol: protocolRange, version, role: 'client', identity: null, project: directory }
}

/** One try to reach a daemon that runs; null when there is none that greets. Throws when starting one could not help. */
export async function connectRunning(place: Place, directory: string): Promise<Connection<Welcome> | null> {
  const result = await connectDaemon(place, greetingFrom(directory), { timeoutMs: greetingMs })
  return usable(result)
}

function usable(result: ConnectResult): Connection<Welcome> | null {
  if ('error' in result) throw result.error
  return 'socket' in result ? { socket: result.socket, welcome: result.welcome } : null
}

/** A link over a first connection; lost, it finds or starts the next daemon. What cannot be started is not tried again. */
export async function openLink(
  from: LinkFrom,
  { start = true, staysConnected = false }: LinkOptions,
): Promise<DaemonLink> {
  const connect = async (): Promise<Connection<Welcome>> => {
    if (start) return ensureRunning(from)
    const running = await connectRunning(daemonPlace(from.scope, from.env), from.directory)
    if (running === null) throw new CliError('daemon-absent', `no daemon serves scope "${from.scope}"`)
    return running
  }
  let first: Connection<Welcome> | null = await connect()
  const link = new DaemonClient<Welcome>({
    budgetMs: Math.min(from.timeoutMs ?? startBudgetMs, startBudgetMs),
    staysConnected,
    connect: async () => {
      const connection = first ?? (await connect().catch(final))
      first = null
      return connection
    },
  })
  await link.connect()
  return link
}

function final(error: unknown): never {
  const { message, hint } = problemOf(error)
  throw new CliError('daemon-unavailable', message, hint, { cause: error })
}

/** Connects to the daemon that runs, or starts one. */
export async function ensureRunning(
  from: LinkFrom,
  wishes: DaemonWishes = {},
  more: Pick<EnsureRequest, 'replaces'> = {},
): Promise<Ensured> {
  const folders = foldersOf(from.scope, from.env)
  const { scope, env, directory, timeoutMs, notice } = from
  return ensureDaemon({
    place: placeOf(folders, 'daemon'),
    hello: greetingFrom(directory),
    start: daemonCommand({ folders, scope, env: env.all }, wishes),
    deadlineMs: timeoutMs ?? startBudgetMs,
    onStart: (reason) => notice(reason === 'hung' ? 'the daemon hangs: replacing it ...' : 'starting the daemon ...'),
    ...more,
  })
}
