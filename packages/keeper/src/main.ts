// The program of the keeper. It is started by a daemon, detached, and outlives it.
import { join } from 'node:path'
import {
  createLog,
  ensureFolders,
  errnoOf,
  type Folders,
  keepCompiledCode,
  type Log,
  lostExitCode,
  parseFailpoints,
  placeOf,
  resolveFolders,
  silentLog,
  startedBy,
} from '@holdfast/lifecycle'
import { readStart } from './config/env.ts'
import { keeperFailpointNames } from './failpoints.ts'
import { serveKeeper } from './server/serve-keeper.ts'

const app = 'holdfast'

/** A keeper without a log still holds. */
function openLog(folders: Folders): Log {
  try {
    return createLog(join(folders.logs, 'keeper.log'))
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return silentLog
  }
}

async function main(): Promise<number> {
  const start = readStart(process.argv.slice(2))
  process.title = `${app}-keeper ${start.scope}`
  const uid = process.getuid?.() ?? 0
  const folders = resolveFolders({ app, scope: start.scope, env: start.variables, uid })
  ensureFolders(folders, uid)
  const log = openLog(folders)
  const failpoint = parseFailpoints(start.failpoints, keeperFailpointNames)
  const { epoch, idleMs } = start
  keepCompiledCode()
  const place = placeOf(folders, 'keeper')
  const result = await serveKeeper({ place, ...startedBy(start.variables, app), epoch, idleMs, log, failpoint })
  log.close()
  return result.kind === 'lost' ? lostExitCode : 0
}

// What could not be ended must not keep it alive either.
process.exit(await main())
