// Starts a daemon that nothing of the caller's can take along: a launcher in a session of its own forks it and is gone, so it is
// in no process group, session or descent of the caller's. The launcher is sh: a fork costs it a millisecond, a node twenty.
// The daemon tells how its start went on descriptor 3; end of file there means that it died.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { type Clock, systemClock } from '../clock.ts'
import { errnoOf, fileError } from '../errors.ts'
import { openAppend, tailFile } from '../log.ts'
import { parseReadiness, type Readiness, readinessLimitBytes } from '../readiness.ts'
import { daemonEnvironment, readyDescriptor, type StartCommand } from './start-command.ts'

/** How a start went. `evidence` is what the daemon wrote to its log since then. */
export type ReadyResult =
  | Extract<Readiness, { kind: 'ready' | 'lost' }>
  | (Extract<Readiness, { kind: 'failed' }> & { readonly evidence: string })
  /** It ended without a word. */
  | { readonly kind: 'died'; readonly evidence: string }
  /** Nothing was heard in time; it may still come up. */
  | { readonly kind: 'slow'; readonly evidence: string }
  | { readonly kind: 'unspawnable'; readonly error: Error }

export const evidenceLimitBytes: number = 64 * 1024
const launcher = '"$@" &'

/** Starts the daemon as instance `instance` and waits for its word, at most `timeoutMs`. Never rejects for what the daemon does, but when its log cannot be opened. */
export async function spawnDetached(
  start: StartCommand,
  instance: string,
  { timeoutMs, clock = systemClock }: { readonly timeoutMs: number; readonly clock?: Clock },
): Promise<ReadyResult> {
  const log = openLog(start.logFile)
  const sizeBefore = statSync(start.logFile).size
  const evidence = (): string => {
    const written = statSync(start.logFile, { throwIfNoEntry: false })?.size ?? 0
    return tailFile(start.logFile, Math.min(evidenceLimitBytes, Math.max(0, written - sizeBefore)))
  }
  try {
    let child = launch(start, instance, { log, isDirect: false })
    let outcome = await heard(child, { timeoutMs, clock })
    if (outcome instanceof Error && errnoOf(outcome) === 'ENOENT') {
      // No /bin/sh (or no such folder, which then fails again): without the launcher it is still in its own session.
      child = launch(start, instance, { log, isDirect: true })
      outcome = await heard(child, { timeoutMs, clock })
    }
    if (outcome instanceof Error) return { kind: 'unspawnable', error: outcome }
    if (outcome === 'died' || outcome === 'slow') return { kind: outcome, evidence: evidence() }
    return outcome.kind === 'failed' ? { ...outcome, evidence: evidence() } : outcome
  } finally {
    closeSync(log)
  }
}

function openLog(file: string): number {
  try {
    return openAppend(file)
  } catch (error) {
    throw fileError('open the log', file, error)
  }
}

function launch(
  { command, args, env, cwd, runtime }: StartCommand,
  instance: string,
  { log, isDirect }: { readonly log: number; readonly isDirect: boolean },
): ChildProcess {
  const [program, ...rest] = isDirect ? [command, ...args] : ['/bin/sh', '-c', launcher, 'sh', command, ...args]
  return spawn(program ?? command, rest, {
    cwd,
    env: daemonEnvironment(env, instance, runtime),
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
  })
}

/** Waits for the first line on the ready pipe. */
function heard(
  child: ChildProcess,
  { timeoutMs, clock }: { readonly timeoutMs: number; readonly clock: Clock },
): Promise<Readiness | 'died' | 'slow' | Error> {
  child.unref()
  // The last of the descriptors that `launch` gives; there are none when the spawn itself failed (EMFILE).
  const stdio: ChildProcess['stdio'] | undefined = child.stdio
  const pipe = stdio?.[readyDescriptor]
  return new Promise((resolve) => {
    let text = ''
    const done = (result: Readiness | 'died' | 'slow' | Error): void => {
      timer.cancel()
      if (pipe instanceof Socket) pipe.destroy()
      resolve(result)
    }
    const timer = clock.setTimer(timeoutMs, () => done('slow'))
    child.once('error', done)
    if (!(pipe instanceof Socket)) return
    pipe.setEncoding('utf8')
    pipe.on('data', (chunk: string) => {
      text += chunk
      const at = text.indexOf('\n')
      if (at < 0 && text.length <= readinessLimitBytes) return
      done(parseReadiness(text.slice(0, at)) ?? 'died')
    })
    pipe.on('error', () => done('died'))
    // The error of a failed spawn comes after the end of its pipes.
    pipe.on('close', () => setImmediate(() => done('died')))
  })
}
