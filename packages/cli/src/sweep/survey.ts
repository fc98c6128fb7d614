// Looks for everything of ours: tagged processes, records and sockets, in every scope of this home. Changes nothing.
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  connectDaemon,
  findPrograms,
  findTagged,
  holdsClaim,
  isAlive,
  placeOf,
  processAgeMs,
  type ProcessStat,
  processVariable,
  readRecord,
  resolveFolders,
  type Folders,
  workingFolder,
} from '@holdfast/lifecycle'
import type { CliEnvironment } from '../config/env.ts'
import { foldersOf, greetingFrom } from '../daemon-link.ts'
import { isName } from '../parse.ts'
import { judgeFile, judgeProcess, judgeProgram, type Judged, type Scope, type Tagged } from './classify.ts'

interface Running extends Judged {
  readonly pid: number
  readonly startTicks: number
  readonly command: string
  readonly ageMs: number
  readonly rssBytes: number
}

/** A child, or what a child started. */
export interface FoundProcess extends Running {
  readonly kind: 'process'
  readonly tag: string
  /** The folder that it works in. */
  readonly project: string | null
}

/** A daemon or keeper. */
interface FoundProgram extends Running {
  readonly kind: 'program'
  readonly scope: string
  readonly instance: string
}

interface FoundFile extends Judged {
  readonly kind: 'record' | 'socket'
  readonly path: string
  readonly pid: number | null
}

const greetMs = 1000

export type Found = FoundProcess | FoundProgram | FoundFile

export async function survey(scope: string, env: CliEnvironment): Promise<Found[]> {
  const folders = foldersOf(scope, env)
  const names = new Set([scope, ...namesIn(dirname(folders.state)), ...namesIn(dirname(folders.run))])
  const all = [...names].map((name) => foldersOf(name, env))
  const scopes = await Promise.all(all.map(lookAt))
  const found = [...names].flatMap((name) => findTagged(name))
  const tagged = found.map(({ pid, ppid, tag }) => ({ pid, ppid, tag, state: processVariable(pid, 'HOLDFAST_STATE') }))
  const world = { scopes, tagged }
  const processes = found.map((each, index): FoundProcess => {
    const { pid, tag } = each
    const known: Tagged = tagged[index] ?? { pid, ppid: 0, tag, state: null }
    return { kind: 'process', ...running(each), tag, project: workingFolder(pid), ...judgeProcess(known, world) }
  })
  return [...processes, ...programsOf(all), ...all.flatMap(filesOf)]
}

function running(found: ProcessStat & { readonly command: string }): Omit<Running, keyof Judged> {
  const { pid, startTicks, command, rssBytes } = found
  return { pid, startTicks, command, ageMs: Math.round(processAgeMs(found)), rssBytes }
}

/** The daemons and keepers of these scopes. Where one belongs is decided by what it was started with, as it does itself. */
function programsOf(all: readonly Folders[]): FoundProgram[] {
  return findPrograms().flatMap((each): FoundProgram[] => {
    const { pid, instance } = each
    const env = Object.fromEntries(places.map((name) => [name, processVariable(pid, name) ?? undefined]))
    const scope = env['HOLDFAST_SCOPE'] || 'default'
    const folders = all.find((known) => known.scope === scope)
    if (folders === undefined || !isName(scope)) return []
    if (resolveFolders({ app: 'holdfast', scope, env, uid: process.getuid?.() ?? 0 }).state !== folders.state) return []
    const claims = ['daemon', 'keeper'].map((role) => holdsClaim(placeOf(folders, role), pid))
    const holds = claims.includes(true) || (claims.includes('unknown') ? 'unknown' : false)
    return [{ kind: 'program', ...running(each), scope, instance, ...judgeProgram(holds) }]
  })
}

/** What decides where files lie. */
const places = [
  'HOLDFAST_HOME',
  'HOLDFAST_SCOPE',
  'HOME',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'XDG_STATE_HOME',
  'XDG_CONFIG_HOME',
]

async function lookAt(folders: Folders): Promise<Scope> {
  const place = placeOf(folders, 'daemon')
  const seen = await connectDaemon(place, greetingFrom(folders.state), { timeoutMs: greetMs })
  if (seen.kind === 'connected' || seen.kind === 'quarantined') seen.socket.destroy()
  const isServed = seen.kind === 'connected' || seen.kind === 'quarantined'
  return { name: folders.scope, stateFolder: folders.state, keeper: keeperIn(folders), isServed }
}

function keeperIn(folders: Folders): Scope['keeper'] {
  const record = readRecord(placeOf(folders, 'keeper'))
  if (record === null) return { kind: 'dead' }
  const kind = isAlive(record.identity)
  return kind === 'alive' ? { kind, pid: record.identity.pid } : { kind }
}

function filesOf(folders: Folders): FoundFile[] {
  return ['daemon', 'keeper'].flatMap((role) => {
    const place = placeOf(folders, role)
    const record = readRecord(place)
    const holder = record === null ? 'dead' : isAlive(record.identity)
    const judged = { pid: record?.identity.pid ?? null, ...judgeFile(holder) }
    const found: FoundFile[] = []
    if (existsSync(place.recordFile)) found.push({ kind: 'record', path: place.recordFile, ...judged })
    for (const name of list(folders.sockets)) {
      if (name === `${role}.sock` || name.startsWith(`${role}.i`)) {
        found.push({ kind: 'socket', path: join(folders.sockets, name), ...judged })
      }
    }
    return found
  })
}

function namesIn(folder: string): string[] {
  return list(folder).filter(isName)
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
