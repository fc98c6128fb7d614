// The keeper link's hands: how a keeper is found and started, what a dead one left is ended, and the journal is written.
import { join } from 'node:path'
import { connectKeeper, ensureKeeper } from '@holdfast/keeper'
import { type Clock, type Folders, type Log, placeOf } from '@holdfast/lifecycle'
import type { DaemonStart } from './config/env.ts'
import type { KeeperLinkPorts } from './keeper-link.ts'
import { ownProgram } from './programs.ts'
import { reapTagged } from './reap.ts'
import type { Store } from './store/api.ts'

export interface KeeperPortsOptions {
  readonly start: DaemonStart
  readonly folders: Folders
  readonly epoch: number
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
}

/** The clients of this keeper's children have lost them already: nobody waits for a slow end. */
const reapGraceMs = 2000

export function keeperPorts({ start, folders, epoch, clock, log, store }: KeeperPortsOptions): KeeperLinkPorts {
  const { scope } = start
  const place = placeOf(folders, 'keeper')
  const program = ownProgram('keeper')
  const keeper = {
    command: program.command,
    args: [...program.args, '--scope', scope],
    env: start.variables,
    cwd: folders.state,
    logFile: join(folders.logs, 'keeper.log'),
  }
  return {
    connect: async () => {
      const found = await connectKeeper({ place, epoch, log })
      return 'kind' in found ? null : found
    },
    ensure: async () => (await ensureKeeper({ place, epoch, log, clock, start: keeper })).client,
    reap: (spare) => reapTagged({ scope, stateFolder: folders.state, spare, graceMs: reapGraceMs, log, clock }),
    record: async (type, subject, data) => {
      await store.commit([{ op: 'event', type, subject, data }])
    },
    log,
  }
}
