// Reads one moment of the process table for the search of a child's processes. What is asked for is read once, and only then.
import type { ProcessStat, System } from '../os/system.ts'
import type { Snapshot } from './cohort.ts'
import { childTag } from './table.ts'

/** Set in the environment of each daemon that we start, and of nothing else. */
export const daemonMark = 'HOLDFAST_INSTANCE'

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
    tagOf: (pid) => variable(pid, childTag),
    marksOf: (pid) => marksOf(pid, system),
    isDaemon: (pid) => variable(pid, daemonMark) !== null,
    inCgroup: (pid) => cgroupPids.has(pid),
  }
}

/** The anonymous pipes and sockets that a process holds: what only inheritance can give to another. */
export function marksOf(pid: number, system: System): string[] {
  const open = system.descriptors(pid)
  if (open === 'unknown') return []
  return open.filter((target) => target.startsWith('pipe:[') || target.startsWith('socket:['))
}

/**
 * Pipes and sockets of `leader` that nobody outside of `members` holds. Whoever is found with one later inherited it.
 * Taken while the child lives (best right after its start), it finds those that left its group and cleaned their environment.
 */
export function ownMarks(leader: ProcessStat, members: readonly ProcessStat[], system: System): Set<string> {
  const marks = new Set(marksOf(leader.pid, system))
  if (marks.size === 0) return marks
  const inside = new Set(members.map((each) => each.pid))
  for (const each of system.all()) {
    if (inside.has(each.pid)) continue
    for (const mark of marksOf(each.pid, system)) marks.delete(mark)
  }
  return marks
}
