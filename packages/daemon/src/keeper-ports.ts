// The keeper link's hands: how a keeper is found and started, what a dead one left is ended, and the journal is written.
import { join } from 'node:path'
import { connectKeeper, ensureKeeper, type KeeperClient, KeeperError } from '@holdfast/keeper'
import { type Clock, deadlineIn, endHolder, type Folders, type Log, placeOf } from '@holdfast/lifecycle'
import type { DaemonStart } from './config/env.ts'
import type { DaemonFailpoint } from './failpoints.ts'
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
  /** Takes the journal; null: nobody does. */
  readonly store: Store | null
  readonly failpoint: DaemonFailpoint
}

/** The clients of this keeper's children have lost them already: nobody waits for a slow end. */
const reapGraceMs = 2000

/** After this a keeper counts as silent. */
const keeperPatienceMs = 3000

export function keeperPorts(options: KeeperPortsOptions): KeeperLinkPorts {
  const { start, folders, epoch, clock, log, store, failpoint } = options
  const { scope } = start
  const place = placeOf(folders, 'keeper')
  const { command, args } = ownProgram('keeper')
  const codeCache = start.variables['NODE_COMPILE_CACHE']
  const startCommand = {
    command,
    args: [...args, '--scope', scope],
    // A keeper starts from the same cache of compiled code.
    ...(codeCache === undefined ? {} : { runtime: { NODE_COMPILE_CACHE: codeCache } }),
    cwd: folders.state,
    logFile: join(folders.logs, 'keeper.log'),
  }
  let env = start.variables
  const ensure = async (): Promise<KeeperClient> => {
    failpoint('keeper.starting')
    const begin = { ...startCommand, env }
    // Faults are asked for in the first keeper only; else no keeper after it could serve.
    env = { ...env, HOLDFAST_KEEPER_FAILPOINTS: undefined }
    const { client } = await ensureKeeper({ place, epoch, log, clock, start: begin })
    failpoint('keeper.started')
    return client
  }
  return {
    connect: async () => {
      try {
        const found = await connectKeeper({ place, epoch, log, timeoutMs: keeperPatienceMs })
        return 'kind' in found ? null : found
      } catch (error) {
        // It may hold children and not answer for a while: it is waited for, and replaced only when it is proved to hang.
        if (error instanceof KeeperError && error.code === 'keeper-silent') return ensure()
        throw error
      }
    },
    ensure,
    reap: (spare) => reapTagged({ scope, stateFolder: folders.state, spare, graceMs: reapGraceMs, log, clock }),
    endUnusable: async () => {
      const deadline = deadlineIn(clock, keeperPatienceMs)
      await endHolder({ place, clock, deadline, log, reason: 'it could not be commanded, and everything was to end' })
    },
    record: async (type, subject, data) => {
      await store?.commit([{ op: 'event', type, subject, data }])
    },
    log,
    clock,
  }
}
