// macOS: ps and sysctl. Written from their manuals and NOT tested on a Mac; ps knows start times to the second only.
import { rawKill } from './kill.ts'
import type { ProcessStat, System } from './system.ts'

const columns = 'pid=,ppid=,pgid=,sess=,uid=,state=,rss=,time=,lstart='

/** What a program prints, or null when it could not be run. */
function run(program: string, args: readonly string[]): string | null {
  // Asked for only here: importing it would cost each client milliseconds at its start.
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const done = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: 5000,
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
  })
  return done.error || done.stdout === undefined ? null : done.stdout
}

/** `[days-]hours:minutes:seconds` or `minutes:seconds.hundredths`, as ps prints processor time. */
function cpuSeconds(text: string): number {
  const [rest = '0', days = '0'] = text.split('-').toReversed()
  return Number(days) * 86_400 + rest.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}

/** One line of `ps -o` with our columns, or null when it is none. Pure. */
export function parsePs(line: string): ProcessStat | null {
  const fields = line.trim().split(/\s+/)
  const [pid, ppid, pgid, session, uid, state = '', rss, time = '0', ...started] = fields
  const startMs = Date.parse(started.join(' '))
  if (!pid || Number.isNaN(startMs)) return null
  const letter = state.slice(0, 1)
  return {
    pid: Number(pid),
    ppid: Number(ppid),
    pgid: Number(pgid),
    session: Number.parseInt(session ?? '0', 16),
    uid: Number(uid),
    state: letter,
    isRunning: letter !== 'Z',
    rssBytes: Number(rss) * 1024,
    cpuSeconds: cpuSeconds(time),
    startTicks: startMs / 1000,
  }
}

function parseAll(text: string): ProcessStat[] {
  return text.split('\n').flatMap((line) => parsePs(line) ?? [])
}

function stat(pid: number): ProcessStat | null | 'unknown' {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null
  const text = run('ps', ['-o', columns, '-p', String(pid)])
  if (text === null) return 'unknown'
  return parseAll(text)[0] ?? (pid > 1 && rawKill(pid, 0) === 'ESRCH' ? null : 'unknown')
}

function variableOf(pid: number, name: string): string | null {
  const text = run('ps', ['-E', '-ww', '-o', 'command=', '-p', String(pid)])
  if (text === null) return null
  const found = text
    .trim()
    .split(' ')
    .find((word) => word.startsWith(`${name}=`))
  return found === undefined ? null : found.slice(name.length + 1)
}

function descriptors(pid: number): string[] | 'unknown' {
  const text = run('lsof', ['-a', '-p', String(pid), '-F', 'n'])
  return text === null ? 'unknown' : text.split('\n').flatMap((line) => (line.startsWith('n') ? [line.slice(1)] : []))
}

let bootIdRead: string | undefined

export const darwin: System = {
  platform: 'darwin',
  bootId: () => (bootIdRead ??= run('sysctl', ['-n', 'kern.bootsessionuuid'])?.trim() || 'unknown'),
  pidNamespace: () => 'host',
  uid: () => process.geteuid?.() ?? -1,
  stat,
  pids: () =>
    (run('ps', ['-ax', '-o', 'pid=']) ?? '')
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 0),
  all: () => {
    const text = run('ps', ['-ax', '-o', columns])
    return text === null ? [] : parseAll(text)
  },
  command: (pid) => run('ps', ['-ww', '-o', 'command=', '-p', String(pid)])?.trim() ?? '[unknown]',
  ageMs: (startTicks) => Math.max(0, Date.now() - startTicks * 1000),
  workingFolder: (pid) =>
    /^n(.+)$/m.exec(run('lsof', ['-a', '-p', String(pid), '-d', 'cwd', '-F', 'n']) ?? '')?.[1] ?? null,
  variableOf,
  descriptors,
  holdsLock: (pid, file) => {
    const text = run('lsof', ['-a', '-p', String(pid), '-F', 'iD'])
    return text === null ? 'unknown' : text.split('\n').includes(`i${file.ino}`)
  },
  kill: rawKill,
}
