// Looks for everything of ours: tagged processes, records and sockets, in every scope of this home. Changes nothing.
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  connectDaemon,
  findTagged,
  isAlive,
  placeOf,
  processVariable,
  readRecord,
  type Folders,
} from '@holdfast/lifecycle'
import type { CliEnvironment } from '../config/env.ts'
import { foldersOf, greetingFrom } from '../daemon-link.ts'
import { isName } from '../parse.ts'
import { judgeFile, judgeProcess, type Judged, type Scope, type Tagged } from './classify.ts'

export interface FoundProcess extends Judged {
  readonly kind: 'process'
  readonly pid: number
  readonly startTicks: number
  readonly tag: string
  readonly command: string
}

export interface FoundFile extends Judged {
  readonly kind: 'record' | 'socket'
  readonly path: string
  readonly pid: number | null
}

const greetMs = 1000

export async function survey(scope: string, env: CliEnvironment): Promise<(FoundProcess | FoundFile)[]> {
  const folders = foldersOf(scope, env)
  const names = new Set([scope, ...namesIn(dirname(folders.state)), ...namesIn(dirname(folders.run))])
  const all = [...names].map((name) => foldersOf(name, env))
  const scopes = await Promise.all(all.map(lookAt))
  const found = [...names].flatMap((name) => findTagged(name))
  const tagged = found.map(({ pid, ppid, tag }) => ({ pid, ppid, tag, state: processVariable(pid, 'HOLDFAST_STATE') }))
  const world = { scopes, tagged }
  const processes = found.map(({ pid, startTicks, tag, command }, index) => {
    const each: Tagged = tagged[index] ?? { pid, ppid: 0, tag, state: null }
    return { kind: 'process' as const, pid, startTicks, tag, command, ...judgeProcess(each, world) }
  })
  return [...processes, ...all.flatMap(filesOf)]
}

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
