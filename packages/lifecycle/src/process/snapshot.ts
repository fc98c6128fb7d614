// Reads one moment of the process table for the search of a child's processes. What is asked for is read once, and only then.
import type { ProcessStat, System } from '../os/system.ts'
import type { Snapshot } from './cohort.ts'
import { childHome, childTag, daemonMark, ownerMark } from './table.ts'

/** The table now. `cgroupPids` are the members of the child's cgroup, where it has one. */
export function takeSnapshot(system: System, cgroupPids: ReadonlySet<number> = new Set()): Snapshot {
  const variables = new Map<string, string | null>()
  const variable = (pid: number, name: string): string | null => {
    const key = `${pid} ${name}`
    const seen = variables.get(key)
    if (seen !== undefined) return seen
    const value = system.variableOf(pid, name)
    variables.set(key, value)
    return value
  }
  return {
    selfPid: process.pid,
    processes: system.all(),
    tagOf: (pid) => {
      const tag = variable(pid, childTag)
      return tag === null ? null : ownerMark(tag, variable(pid, childHome))
    },
    marksOf: (pid) => marksOf(pid, system),
    isDaemon: (pid) => variable(pid, daemonMark) !== null,
    inCgroup: (pid) => cgroupPids.has(pid),
  }
}

/** The tag of a running process and whose it is; null when it has none. */
export function ownerMarkOf(pid: number, system: System): string | null {
  const tag = system.variableOf(pid, childTag)
  return tag === null ? null : ownerMark(tag, system.variableOf(pid, childHome))
}

/** The anonymous pipes and sockets that a process holds: what only inheritance can give to another. */
function marksOf(pid: number, system: System): string[] {
  const open = system.descriptors(pid)
  if (open === 'unknown') return []
  return open.filter((target) => target.startsWith('pipe:[') || target.startsWith('socket:['))
}

/**
 * The pipes and sockets that `leader` was given alone: whoever else holds one started later and inherited it. What we hold ourselves,
 * or somebody older, or a child with another tag, is shared with others and proves nothing.
 */
export function ownMarks(leader: ProcessStat, tag: string | null, system: System): Set<string> {
  const marks = new Set(marksOf(leader.pid, system))
  const isOther = (each: ProcessStat): boolean => {
    if (each.pid === process.pid || each.startTicks < leader.startTicks) return true
    const other = ownerMarkOf(each.pid, system)
    return other !== null && tag !== null && other !== tag
  }
  for (const each of marks.size === 0 ? [] : system.all()) {
    if (each.pid === leader.pid) continue
    const shared = marksOf(each.pid, system).filter((mark) => marks.has(mark))
    if (shared.length > 0 && isOther(each)) for (const mark of shared) marks.delete(mark)
  }
  return marks
}
