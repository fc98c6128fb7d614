// Which processes belong to one child: its verified group, what descends from it, what carries its tag, what inherited its pipes,
// what sits in its cgroup. Pure: a snapshot goes in, members come out. Ourselves, our ancestors, pid 1, processes with the tag of
// another child and daemons that a child happened to start are never members.
import type { ProcessStat } from '../os/system.ts'

/** What is known of a child. `known` grows with each snapshot. */
export interface Cohort {
  readonly leader: { readonly pid: number; readonly startTicks: number }
  /** The process group that the leader was started in; 0 when it has none of its own. */
  readonly group: number
  readonly tag: string | null
  /** Pipes and sockets that only this child and what it started may hold. */
  readonly marks: ReadonlySet<string>
  /** Keys of processes that were members in an earlier snapshot. */
  readonly known: ReadonlySet<string>
}

/** One moment. The callbacks are asked only where the table itself does not decide. */
export interface Snapshot {
  readonly selfPid: number
  readonly processes: readonly ProcessStat[]
  tagOf(pid: number): string | null
  marksOf(pid: number): readonly string[]
  isDaemon(pid: number): boolean
  inCgroup(pid: number): boolean
}

/** A process, for one boot. */
export function keyOf(process: { readonly pid: number; readonly startTicks: number }): string {
  return `${process.pid}:${process.startTicks}`
}

/** The members that run, and whether the whole group may be signalled at once. Pure. */
export function membersOf(
  snapshot: Snapshot,
  cohort: Cohort,
): { readonly members: ProcessStat[]; readonly isGroupProved: boolean; readonly unproved: ProcessStat[] } {
  const running = snapshot.processes.filter((each) => each.isRunning)
  const untouchable = ancestry(snapshot)
  const candidates = running.filter((each) => !untouchable.has(each.pid))
  const proved = new Map<number, ProcessStat>()
  for (const each of candidates) {
    if (isProvedAlone(each, snapshot, cohort)) proved.set(each.pid, each)
  }
  const inGroup = candidates.filter((each) => cohort.group > 1 && each.pgid === cohort.group)
  const holdsSelf = running.some((each) => each.pid === snapshot.selfPid && each.pgid === cohort.group)
  const isGroupProved = !holdsSelf && inGroup.some((each) => proved.has(each.pid))
  if (isGroupProved) for (const each of inGroup) proved.set(each.pid, each)
  addDescendants(proved, candidates, { snapshot, cohort })
  return {
    members: [...proved.values()],
    isGroupProved,
    unproved: isGroupProved || isGroupReused(snapshot, cohort) ? [] : inGroup.filter((each) => !proved.has(each.pid)),
  }
}

/** A pid is given out again only when its group is empty: another process under the leader's pid means another group. */
function isGroupReused({ processes }: Snapshot, { leader, group }: Cohort): boolean {
  return processes.some(
    (each) => each.pid === group && each.pid === leader.pid && each.startTicks !== leader.startTicks,
  )
}

function isProvedAlone(each: ProcessStat, snapshot: Snapshot, cohort: Cohort): boolean {
  const key = keyOf(each)
  if (key === keyOf(cohort.leader) || cohort.known.has(key) || snapshot.inCgroup(each.pid)) return true
  const tag = snapshot.tagOf(each.pid)
  if (tag !== null) return tag === cohort.tag
  return cohort.marks.size > 0 && snapshot.marksOf(each.pid).some((mark) => cohort.marks.has(mark))
}

/** Whoever a member started is one, unless it says that it is somebody else's. */
function addDescendants(
  proved: Map<number, ProcessStat>,
  candidates: readonly ProcessStat[],
  context: { readonly snapshot: Snapshot; readonly cohort: Cohort },
): void {
  const { snapshot, cohort } = context
  let isGrowing = true
  while (isGrowing) {
    isGrowing = false
    for (const each of candidates) {
      if (proved.has(each.pid) || !proved.has(each.ppid)) continue
      const tag = snapshot.tagOf(each.pid)
      if ((tag !== null && tag !== cohort.tag) || (tag === null && snapshot.isDaemon(each.pid))) continue
      proved.set(each.pid, each)
      isGrowing = true
    }
  }
}

function ancestry(snapshot: Snapshot): Set<number> {
  const byPid = new Map(snapshot.processes.map((each) => [each.pid, each]))
  const found = new Set([0, 1])
  for (
    let pid: number | undefined = snapshot.selfPid;
    pid !== undefined && !found.has(pid);
    pid = byPid.get(pid)?.ppid
  ) {
    found.add(pid)
  }
  return found
}
