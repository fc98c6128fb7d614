// The way to the daemon. The warm path is a connection and a greeting; what finds, proves dead and starts daemons is loaded
// only when that fails. Keeps: a healthy daemon is used and never started, replaced or signalled.
import { placeOf, resolveFolders, type Folders, type Place, type Welcome } from '@holdfast/lifecycle'
import { DaemonClient, type Connection } from '@holdfast/protocol'
import type { CliEnvironment } from './config/env.ts'
import { CliError } from './errors.ts'

export type DaemonLink = DaemonClient<Welcome>

export interface LinkOptions {
  /** Start a daemon when there is none (the default); without it a missing one is an error. */
  readonly start?: boolean
}

export interface LinkFrom {
  readonly scope: string
  readonly directory: string
  readonly timeoutMs: number | null
  readonly env: CliEnvironment
  readonly signal: AbortSignal
  readonly notice: (text: string) => void
}

/** How long a daemon may take to come up, and how long a lost one is waited for. */
export const startBudgetMs = 30_000
export const protocolRange = { min: 1, max: 1 } as const

export function foldersOf(scope: string, env: CliEnvironment): Folders {
  return resolveFolders({ app: 'holdfast', scope, env: env.all, uid: process.getuid?.() ?? 0 })
}

/** One try to reach a daemon that runs; null when there is none that greets. */
export async function connectRunning(place: Place, directory: string): Promise<Connection<Welcome> | null> {
  throw new CliError('daemon-unavailable', `${place.publicSocket} cannot be reached from ${directory} yet`)
}

export function openLink(from: LinkFrom, { start = true }: LinkOptions): DaemonLink {
  const folders = foldersOf(from.scope, from.env)
  const place = placeOf(folders, 'daemon')
  const budgetMs = Math.min(from.timeoutMs ?? startBudgetMs, startBudgetMs)
  return new DaemonClient<Welcome>({
    budgetMs,
    connect: async () => {
      const running = await connectRunning(place, from.directory)
      if (running !== null) return running
      if (!start) throw new CliError('daemon-absent', `no daemon serves scope "${from.scope}"`)
      throw new CliError('daemon-absent', `no daemon serves scope "${from.scope}"`)
    },
  })
}
