// How the keeper's process differs from a daemon's: it stays when others would go, because its children go with it.
import { type Host, type Log, thisProcess } from '@holdfast/lifecycle'

export interface KeeperHostOptions {
  readonly log: Log
  readonly children: () => number
}

const endingSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const satisfies readonly NodeJS.Signals[]

/**
 * Signals that ask it to end are ignored while it holds children: they come from whoever cleans up after a terminal, an editor or
 * a test, and mean that one, while the children belong to people who did not ask. `down --all` asks in-band; SIGKILL always works.
 * An error that nobody foresaw is logged: it concerns one child or one connection, and must not end all others.
 */
export function keeperHost({ log, children }: KeeperHostOptions): Host {
  return {
    ...thisProcess,
    onSignal(leave) {
      const heard = (signal: NodeJS.Signals): void => {
        const held = children()
        if (held === 0) leave(signal)
        else
          log.warn('ignored a signal: children would end with the keeper; use `holdfast down --all`', { signal, held })
      }
      // Else the runtime would open a debugger's port.
      const ignored = (): void => log.warn('ignored a signal', { signal: 'SIGUSR1' })
      for (const signal of endingSignals) process.on(signal, heard)
      process.on('SIGUSR1', ignored)
      return () => {
        for (const signal of endingSignals) process.off(signal, heard)
        process.off('SIGUSR1', ignored)
      }
    },
    onCrash(record) {
      const unforeseen = (error: unknown): void => log.error('an unforeseen error', { error })
      const onExit = (code: number): void => record(`it exited with code ${code} without having been told to leave`)
      process.on('uncaughtException', unforeseen)
      process.on('unhandledRejection', unforeseen)
      process.on('exit', onExit)
      return () => {
        process.off('uncaughtException', unforeseen)
        process.off('unhandledRejection', unforeseen)
        process.off('exit', onExit)
      }
    },
  }
}
