// What can be said of a daemon that does not answer: from its record, its exit records and the process table. Changes nothing.
import { findTagged, isAlive, labelledHolder, observe, placeOf, readRecord } from '@holdfast/lifecycle'
import type { ExitRecord, Identity, Observation, Place } from '@holdfast/lifecycle'
import type { DaemonInfo, ExitInfo, Status } from '@holdfast/protocol'
import type { CliEnvironment } from './config/env.ts'
import { foldersOf, greetingFrom } from './daemon-link.ts'

const probeMs = 800

export type Outside = { readonly kind: 'answers' } | { readonly kind: 'silent'; readonly status: Status }

/** `answers`: it greets after all, so it can be asked. Throws when whoever is there is not ours. */
export async function statusFromOutside(scope: string, env: CliEnvironment, directory: string): Promise<Outside> {
  const folders = foldersOf(scope, env)
  const observed = await observe(placeOf(folders, 'daemon'), greetingFrom(directory), { probeMs })
  if (observed.error !== null) throw observed.error
  if (observed.welcome !== null) return { kind: 'answers' }
  const keeper = keeperOf(placeOf(folders, 'keeper'))
  const status: Status = {
    scope,
    daemon: infoOf(observed),
    keeper: keeper === null ? null : { pid: keeper.pid, children: childrenOf(keeper.pid, scope) },
    clients: 0,
    asks: { queued: 0, running: 0 },
    sessions: 0,
    lastExit: observed.lastExit === null ? null : exitInfo(observed.lastExit),
  }
  return { kind: 'silent', status }
}

/** A daemon is there, but says nothing of itself: its record does. */
function infoOf({ state, record }: Observation): DaemonInfo | null {
  if (record === null || state === 'absent') return null
  const shown = state === 'hung' || state === 'silent' ? 'hung' : state === 'draining' ? 'draining' : 'starting'
  const { identity, epoch, instance, version, startedAt, socket, owner } = record
  if (isAlive(identity) === 'dead') return null
  return { state: shown, pid: identity.pid, epoch, instance, version, startedAt, socket, owner }
}

/** The keeper, if it lives: by its lock, else by its record. Files in the run folder may be gone. */
export function keeperOf(place: Place): Identity | null {
  const held = labelledHolder(place)
  if (held !== null) return held
  const record = readRecord(place)
  return record !== null && isAlive(record.identity) === 'alive' ? record.identity : null
}

/** How many children it holds: tagged processes that it started itself. */
function childrenOf(keeperPid: number, scope: string): number {
  return findTagged(scope).filter(({ ppid }) => ppid === keeperPid).length
}

const kinds: Readonly<Record<ExitRecord['kind'], ExitInfo['kind']>> = {
  clean: 'stopped',
  superseded: 'stopped',
  crash: 'crashed',
  hang: 'hung',
  killed: 'killed',
  reboot: 'killed',
}

function exitInfo({ epoch, kind, at, reason }: ExitRecord): ExitInfo {
  return { epoch, kind: kinds[kind], at, reason }
}
