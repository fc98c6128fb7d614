// Lists of processes: all of them, and those that carry our tag in their environment.
import type { ProcessInfo, ProcessStat, System } from '../os/system.ts'
import { thisSystem } from '../os/this-system.ts'

/** The variable that every child of ours and what it starts carries: `<scope>/<id>`. */
export const childTag = 'HOLDFAST_CHILD'
/** The variable that says whose child it is: the state folder of its daemon. Two homes may give out one tag. */
export const childHome = 'HOLDFAST_STATE'

/** Set in the environment of each daemon and keeper that we start, and of nothing else. */
export const daemonMark = 'HOLDFAST_INSTANCE'

/** A tagged process. */
export interface TaggedProcess extends ProcessInfo {
  readonly tag: string
}

/** Every process that can be seen, with its command line. */
export function processTable(system: System = thisSystem): ProcessInfo[] {
  return system.all().map((stat) => withCommand(stat, system))
}

export function withCommand(stat: ProcessStat, system: System): ProcessInfo {
  return { ...stat, command: system.command(stat.pid) }
}

/** Our user's running processes whose HOLDFAST_CHILD is `prefix`, or begins with it up to a slash (`scope` finds `scope/id`). */
export function findTagged(prefix: string, system: System = thisSystem): TaggedProcess[] {
  const uid = system.uid()
  // The tag first: few processes have one, and this is done at every start.
  return system.pids().flatMap((pid) => {
    if (pid === process.pid) return []
    const tag = system.variableOf(pid, childTag)
    if (tag === null || !matchesTag(tag, prefix)) return []
    const stat = system.stat(pid)
    if (stat === null || stat === 'unknown' || !stat.isRunning || stat.uid !== uid) return []
    return [{ ...withCommand(stat, system), tag }]
  })
}

/** Our user's running daemons and keepers, of whatever place, except ourselves. */
export function findPrograms(system: System = thisSystem): (ProcessInfo & { readonly instance: string })[] {
  const uid = system.uid()
  return system.all().flatMap((stat) => {
    if (!stat.isRunning || stat.uid !== uid || stat.pid === process.pid) return []
    const instance = system.variableOf(stat.pid, daemonMark)
    return instance === null ? [] : [{ ...withCommand(stat, system), instance }]
  })
}

/** How long ago a process of the table began, in milliseconds. */
export function processAgeMs({ startTicks }: Pick<ProcessStat, 'startTicks'>, system: System = thisSystem): number {
  return system.ageMs(startTicks)
}

/** The folder that a process works in; null when that cannot be seen. */
export function workingFolder(pid: number, system: System = thisSystem): string | null {
  return system.workingFolder(pid)
}

/** `a/b` is matched by `a/b`, `a` and `a/`, never by `a/bc`. Pure. */
function matchesTag(tag: string, prefix: string): boolean {
  return tag === prefix || tag.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}

/** A variable of the environment that a process was started with; null when it has none, or it cannot be read. */
export function processVariable(pid: number, name: string, system: System = thisSystem): string | null {
  return system.variableOf(pid, name)
}

/** What tells the children of one daemon from all others: the tag and whose it is, as one text. Pure. */
export function ownerMark(tag: string, home: string | null | undefined): string {
  return home === null || home === undefined ? tag : `${home}\n${tag}`
}
