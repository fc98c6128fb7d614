// Which processes belong to a test: those whose environment names its folder. Read from /proc, so only on Linux.
import { readFileSync, readdirSync } from 'node:fs'

export interface Found {
  readonly pid: number
  readonly startTicks: string
  readonly command: string
  readonly environment: ReadonlyMap<string, string>
}

/** Every live process (zombies are dead) that was started with HOLDFAST_HOME=`home`. */
export function processesOf(home: string): Found[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const found = look(Number(name))
      return found?.environment.get('HOLDFAST_HOME') === home ? [found] : []
    })
}

/** Null when it is gone, dead, or not ours to read. */
function look(pid: number): Found | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    const pairs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    const environment = new Map(
      pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const),
    )
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return { pid, startTicks: fields[19] ?? '', command, environment }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return null
    throw error
  }
}

/** Whether the very same process is still there. */
export function isStillThere(found: Found): boolean {
  return look(found.pid)?.startTicks === found.startTicks
}

export function isRunning(pid: number): boolean {
  return look(pid) !== null
}

/** The state letter of a process (`T`: stopped), or null when it is gone. */
export function stateOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return null
    throw error
  }
}
