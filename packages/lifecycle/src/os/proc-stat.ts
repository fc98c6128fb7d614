// Reads one line of /proc/<pid>/stat. The second field is the program's own choice and may hold blanks and brackets, so fields
// are counted from the LAST closing one.
import type { ProcessStat } from './system.ts'

/** Userland always sees 100 ticks a second on Linux. */
const ticksPerSecond = 100

/** The process in a stat line, or null when it is not one. Pure. */
export function parseStat(
  line: string,
  uid: number,
  pageBytes: number,
): (ProcessStat & { readonly name: string }) | null {
  const open = line.indexOf('(')
  const close = line.lastIndexOf(')')
  if (open < 0 || close < open) return null
  const fields = line
    .slice(close + 2)
    .trim()
    .split(' ')
  const number = (index: number): number => Number(fields[index - 3] ?? Number.NaN)
  const state = fields[0] ?? ''
  const stat = {
    pid: Number(line.slice(0, open)),
    ppid: number(4),
    pgid: number(5),
    session: number(6),
    startTicks: number(22),
    state,
    isRunning: !('ZXx'.includes(state) && number(20) <= 1),
    rssBytes: number(24) * pageBytes,
    cpuSeconds: (number(14) + number(15)) / ticksPerSecond,
    uid,
    name: line.slice(open + 1, close),
  }
  const numbers = [stat.pid, stat.ppid, stat.pgid, stat.session, stat.startTicks, stat.rssBytes, stat.cpuSeconds]
  return state.length === 1 && numbers.every(Number.isFinite) ? stat : null
}
