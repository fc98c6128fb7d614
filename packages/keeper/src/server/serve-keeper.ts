// Serves the keeper of a place: claim, record, socket and readiness are the kernel's, what is behind the handshake is ours.
import { defaultRestartPolicy, type Failpoint, type Log, type Place } from '@holdfast/lifecycle'
import { serveDaemon, type ServeResult, type Service } from '@holdfast/lifecycle'
import { version } from '../version.ts'
import { keeperProtocol } from '../wire/messages.ts'
import { keeperHost } from './keeper-host.ts'
import { KeeperServer } from './keeper-server.ts'

export interface ServeKeeperOptions {
  readonly place: Place
  readonly instance: string
  readonly readyFd: number | null
  /** Of the daemon that started it. */
  readonly epoch: number
  readonly idleMs: number
  readonly log: Log
  readonly failpoint: Failpoint
}

/** What a newer daemon may ask of this keeper; it only grows. */
const keeperCapabilities = ['pipes', 'terminals', 'tags', 'streams'] as const

/** When it lost its claim nobody can reach its children any more; they get so long. */
const supersededGraceMs = 100

export async function serveKeeper(options: ServeKeeperOptions): Promise<ServeResult> {
  const { log, epoch, failpoint } = options
  let server: KeeperServer | null = null
  return serveDaemon({
    ...options,
    version,
    protocol: keeperProtocol,
    capabilities: keeperCapabilities,
    // A thread that watches for hangs costs more memory than it is worth: a hung keeper is found by its daemon.
    hangMs: null,
    // One that keeps dying at its start fails each wish for it, with the reason; in quarantine it would fail them after relief, too.
    quarantine: { ...defaultRestartPolicy, limit: Number.POSITIVE_INFINITY },
    host: keeperHost({ log, children: () => server?.childCount ?? 0 }),
    open({ instance, leave }) {
      const self = { pid: process.pid, instance, version }
      server = new KeeperServer({ self, epoch, log, failpoint, leave: (reason) => leave(reason) })
      return Promise.resolve(serviceOf(server))
    },
  })
}

function serviceOf(server: KeeperServer): Service {
  return {
    accept: ({ socket }) => server.accept(socket),
    isNeeded: () => server.childCount > 0,
    // It leaves only without children, or after they were ended.
    drain: () => Promise.resolve(),
    async close() {
      await server.endChildren(supersededGraceMs)
      server.close()
    },
  }
}
