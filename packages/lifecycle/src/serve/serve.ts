// The way into serving: prepares the folders, claims, and runs the daemon; the loser changes nothing.
import { claim } from '../claim/claim.ts'
import { systemPorts } from '../claim/system-ports.ts'
import { systemClock } from '../clock.ts'
import { isLifecycleError } from '../errors.ts'
import { noFailpoint } from '../failpoint.ts'
import { silentLog } from '../log.ts'
import type { Readiness } from '../readiness.ts'
import { thisProcess } from '../shutdown/host.ts'
import type { ServeOptions, ServeResult } from './options.ts'
import { RunningDaemon } from './running.ts'
import { newInstance, readinessReporter } from './starter.ts'

function failure(error: unknown): Readiness {
  if (isLifecycleError(error)) return { kind: 'failed', code: error.code, message: error.message, hint: error.hint }
  return {
    kind: 'failed',
    code: 'start-failed',
    message: error instanceof Error ? error.message : String(error),
    hint: null,
  }
}

/**
 * Becomes the daemon of a place and serves until it leaves; or finds that another is, and changes nothing.
 * Resolves with `lost` (exit with `lostExitCode`) or `ended`. The process should end then: from the deadline of the drain + 1 s on
 * a watchdog ends it.
 * Rejects when it could not start: with the error of `open`, or a LifecycleError of `claim` and of the folders.
 */
export async function serveDaemon(options: ServeOptions): Promise<ServeResult> {
  const { clock = systemClock, log = silentLog, failpoint = noFailpoint, host = thisProcess } = options
  const ports = options.ports ?? systemPorts({ clock, failpoint })
  const report = readinessReporter(options.readyFd ?? null)
  const { place, version } = options
  try {
    for (const folder of place.owned) await ports.files.ensureFolder(folder)
    host.prepare(place)
    failpoint('claim.prepared')
    const held = await claim(
      place,
      { instance: options.instance ?? newInstance(), identity: host.identity(), version },
      ports,
    )
    if (held.kind === 'taken') {
      log.info('another daemon holds the claim', { by: held.by })
      report({ kind: 'lost', by: held.by })
      return { kind: 'lost', by: held.by }
    }
    return await new RunningDaemon({ options, clock, log, failpoint, ports, host }, held, report).run()
  } catch (error) {
    report(failure(error))
    throw error
  }
}
