// The daemon's program. Becomes the daemon of its scope, or finds that another is and ends with exit code 75.
import { join } from 'node:path'
import {
  defaultRestartPolicy,
  keepCompiledCode,
  lostExitCode,
  parseFailpoints,
  placeOf,
  resolveFolders,
  serveDaemon,
  startedBy,
  systemClock,
} from '@holdfast/lifecycle'
import { exitCodes, toWireError } from '@holdfast/protocol'
import { readStart } from './config/env.ts'
import { openDaemon } from './daemon.ts'
import { daemonFailpointNames } from './failpoints.ts'
import { lazyLog } from './lazy-log.ts'
import { version } from './version.ts'

async function run(): Promise<number> {
  const start = readStart(process.argv.slice(2))
  const env = start.variables
  const folders = resolveFolders({ app: 'holdfast', scope: start.scope, env, uid: process.getuid?.() ?? 0 })
  const place = placeOf(folders, 'daemon')
  const log = lazyLog(join(folders.logs, 'daemon.log'))
  const clock = systemClock
  const failpoint = parseFailpoints(start.failpoints, daemonFailpointNames)
  const { instance, readyFd } = startedBy(env, 'holdfast')
  const result = await serveDaemon({
    place,
    instance,
    readyFd,
    version,
    protocol: { min: 1, max: 1 },
    log,
    clock,
    failpoint,
    idleMs: start.idleMs,
    owner: start.owner,
    ...(start.isForgiven ? { quarantine: { ...defaultRestartPolicy, limit: Number.POSITIVE_INFINITY } } : {}),
    openQuarantined: async (context, reason) => {
      const { openQuarantined } = await import('./quarantined.ts')
      return openQuarantined({ start, folders, place, clock, log, failpoint }, context, reason)
    },
    open: async (context) => {
      const service = await openDaemon({ start, folders, place, clock, log, failpoint }, context)
      keepCompiledCode()
      return service
    },
  })
  if (result.kind === 'ended') return 0
  const by = result.by === null ? 'another process' : `pid ${result.by.identity.pid} (epoch ${result.by.epoch})`
  process.stderr.write(`the daemon of scope "${start.scope}" is ${by}\n`)
  // For `up --foreground` somebody else serving is as good.
  return env['HOLDFAST_FOREGROUND'] === '1' ? 0 : lostExitCode
}

/** The claim is released: a handle that somebody forgot must not keep the process, or whoever waits for its end, any longer. */
function leave(exitCode: number): never {
  process.exit(exitCode)
}

try {
  leave(await run())
} catch (error) {
  const { code, kind, message, hint } = toWireError(error)
  process.stderr.write(`${code}: ${message}${hint === undefined ? '' : `\n${hint}`}\n`)
  if (kind === 'internal' && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  leave(exitCodes[kind])
}
