// The process that a daemon lives in: its signals, its last words when it crashes, its watchdog. Another one in tests.
import type { Place } from '../place.ts'
import type { Identity } from '../identity.ts'
import { selfIdentity } from '../process/identity.ts'
import { listenAt } from '../serve/listener.ts'
import { startWatchdog, type Watchdog, type WatchdogSpec } from './watchdog.ts'

/** What `serveDaemon` needs of its process. */
export interface Host {
  identity(): Identity
  /** Listens at a path that is private to this process. */
  readonly listen: typeof listenAt
  /** D1: nothing it makes is open to others, and it stands in no folder that somebody may want to remove. */
  prepare(place: Place): void
  /** Calls `leave` on each signal that asks it to end. */
  onSignal(leave: (signal: NodeJS.Signals) => void): () => void
  /** Calls `record` synchronously when the process is about to end by an error, or by an exit that nobody announced. */
  onCrash(record: (reason: string) => void): () => void
  watchdog(spec: WatchdogSpec): Watchdog
}

const endingSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const satisfies readonly NodeJS.Signals[]

function onSignal(leave: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of endingSignals) process.on(signal, leave)
  return () => {
    for (const signal of endingSignals) process.off(signal, leave)
  }
}

function onCrash(record: (reason: string) => void): () => void {
  // The monitor only listens: the runtime then prints the error and ends the process as ever.
  const onError = (error: unknown, origin: string): void => {
    record(`${origin}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
  const onExit = (code: number): void => record(`it exited with code ${code} without having been told to leave`)
  process.on('uncaughtExceptionMonitor', onError)
  process.on('exit', onExit)
  return () => {
    process.off('uncaughtExceptionMonitor', onError)
    process.off('exit', onExit)
  }
}

/** This process. */
export const thisProcess: Host = {
  prepare(place) {
    process.umask(0o077)
    process.chdir(place.claim)
  },
  identity: () => selfIdentity(),
  listen: listenAt,
  onSignal,
  onCrash,
  watchdog: startWatchdog,
}
