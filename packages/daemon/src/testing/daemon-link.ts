// A client of the built daemon for tests: finds or starts it as the command does, and goes to the next one when it dies.
import { join } from 'node:path'
import { ensureDaemon, placeOf, resolveFolders, type Place, type Welcome } from '@holdfast/lifecycle'
import { DaemonClient } from '@holdfast/protocol'

const dist = join(import.meta.dirname, '../../../cli/dist')

export interface TestLink {
  readonly client: DaemonClient<Welcome>
  readonly place: Place
}

/** `environment`: that of the daemon, with HOLDFAST_HOME. */
export async function linkTo(environment: Readonly<Record<string, string>>, project: string): Promise<TestLink> {
  const folders = resolveFolders({ app: 'holdfast', scope: 'default', env: environment, uid: process.getuid?.() ?? 0 })
  const place = placeOf(folders, 'daemon')
  const start = {
    command: process.execPath,
    args: [join(dist, 'daemon.js')],
    env: environment,
    cwd: project,
    logFile: join(folders.logs, 'daemon.log'),
  }
  const hello = { protocol: { min: 1, max: 1 }, version: '0.1.0', role: 'client', identity: null, project } as const
  const client = new DaemonClient<Welcome>({
    connect: () => ensureDaemon({ place, hello, start, deadlineMs: 60_000 }),
  })
  await client.connect()
  return { client, place }
}
