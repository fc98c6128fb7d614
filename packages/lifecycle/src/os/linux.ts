// Linux: everything from /proc, without starting a program.
import {
  type BigIntStats,
  closeSync,
  constants,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  readlinkSync,
  statSync,
} from 'node:fs'
import { errnoOf } from '../errors.ts'
import { rawKill } from './kill.ts'
import { parseStat } from './proc-stat.ts'
import type { ProcessStat, System } from './system.ts'

/** What the caller cannot see is 'unknown'; a process that is gone is null. */
function absence(error: unknown): null | 'unknown' {
  const code = errnoOf(error)
  if (code === 'ENOENT' || code === 'ESRCH') return null
  if (code !== undefined) return 'unknown'
  throw error
}

let pageBytesRead = 0

/** AT_PAGESZ of our own auxiliary vector; 4096 where it cannot be read. */
function pageBytes(): number {
  if (pageBytesRead > 0) return pageBytesRead
  pageBytesRead = 4096
  const vector = attempt(() => readFileSync('/proc/self/auxv'))
  if (vector instanceof Buffer) {
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      if (vector.readBigUInt64LE(at) === 6n) pageBytesRead = Number(vector.readBigUInt64LE(at + 8))
    }
  }
  return pageBytesRead
}

function attempt<Value>(read: () => Value): Value | null | 'unknown' {
  try {
    return read()
  } catch (error) {
    return absence(error)
  }
}

function stat(pid: number): ProcessStat | null | 'unknown' {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null
  const read = attempt(() => {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return parseStat(line, statSync(`/proc/${pid}`).uid, pageBytes()) ?? 'unknown'
  })
  if (read !== null) return read
  // Mounted with hidepid, /proc hides the processes of others: only kill(2) can prove that there is none.
  return rawKillProbe(pid) === 'ESRCH' ? null : 'unknown'
}

function rawKillProbe(pid: number): 'ok' | 'ESRCH' | 'EPERM' {
  return pid === 1 ? 'EPERM' : rawKill(pid, 0)
}

function pids(): number[] {
  const names = attempt(() => readdirSync('/proc'))
  return Array.isArray(names) ? names.filter((name) => /^\d+$/.test(name)).map(Number) : []
}

function all(): ProcessStat[] {
  return pids().flatMap((pid) => {
    const found = stat(pid)
    return found === null || found === 'unknown' ? [] : [found]
  })
}

function command(pid: number): string {
  const line = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  if (line !== null && line !== 'unknown' && line !== '') return line.replaceAll('\0', ' ').trim()
  const name = attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8'))
  return name === null || name === 'unknown' ? '[unknown]' : `[${name.trim()}]`
}

function variableOf(pid: number, name: string): string | null {
  const block = attempt(() => readFileSync(`/proc/${pid}/environ`, 'utf8'))
  if (block === null) return null
  const found = block.split('\0').find((entry) => entry.startsWith(`${name}=`))
  return found === undefined ? null : found.slice(name.length + 1)
}

/** Start ticks count from the boot, hundredths of seconds on Linux. */
function ageMs(startTicks: number): number {
  return Math.max(0, process.getBuiltinModule('node:os').uptime() * 1000 - startTicks * 10)
}

function workingFolder(pid: number): string | null {
  const found = attempt(() => readlinkSync(`/proc/${pid}/cwd`))
  return found === 'unknown' ? null : found
}

function descriptors(pid: number): string[] | 'unknown' {
  const names = attempt(() => readdirSync(`/proc/${pid}/fd`))
  if (names === 'unknown') return 'unknown'
  return (names ?? []).flatMap((name) => attempt(() => readlinkSync(`/proc/${pid}/fd/${name}`)) ?? [])
}

/** fdinfo lists the locks of each open file: the proof of who holds one, whatever any file says. */
function holdsLock(pid: number, file: { dev: bigint; ino: bigint }): boolean | 'unknown' {
  const names = attempt(() => readdirSync(`/proc/${pid}/fd`))
  if (names === 'unknown') return 'unknown'
  return (names ?? []).some((name) => {
    const open: BigIntStats | null | 'unknown' = attempt(() => statSync(`/proc/${pid}/fd/${name}`, { bigint: true }))
    if (open === null || open === 'unknown' || open.ino !== file.ino || open.dev !== file.dev) return false
    const info = attempt(() => readFileSync(`/proc/${pid}/fdinfo/${name}`, 'utf8'))
    return info !== null && /^lock:.*\bWRITE\b/m.test(info)
  })
}

function readSmall(path: string): string {
  const text = attempt(() => {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const buffer = Buffer.alloc(256)
      return buffer.toString('utf8', 0, readSync(descriptor, buffer)).trim()
    } finally {
      closeSync(descriptor)
    }
  })
  return text === null || text === '' ? 'unknown' : text
}

let bootIdRead: string | undefined
let namespaceRead: string | undefined

export const linux: System = {
  platform: 'linux',
  bootId: () => (bootIdRead ??= readSmall('/proc/sys/kernel/random/boot_id')),
  pidNamespace: () => (namespaceRead ??= attempt(() => readlinkSync('/proc/self/ns/pid')) ?? 'unknown'),
  uid: () => process.geteuid?.() ?? -1,
  stat,
  pids,
  all,
  command,
  ageMs,
  workingFolder,
  variableOf,
  descriptors,
  holdsLock,
  kill: rawKill,
}
