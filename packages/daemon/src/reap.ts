// Ends the children whose keeper is dead. They are found by the tag in their environment, and belong to us only when they carry
// the state folder of this very scope as well: two homes may both have a scope of one name.
import {
  childHome,
  type Clock,
  findTagged,
  type Log,
  processIdentity,
  processVariable,
  type TaggedProcess,
  terminateTree,
} from '@holdfast/lifecycle'

export interface Reaped {
  /** The child that it belonged to. */
  readonly child: string
  readonly ended: readonly { readonly pid: number; readonly command: string }[]
  readonly survivors: readonly { readonly pid: number; readonly command: string }[]
}

export interface ReapOptions {
  readonly scope: string
  readonly stateFolder: string
  /** Children that a living keeper holds. */
  readonly spare: ReadonlySet<string>
  readonly graceMs: number
  readonly log: Log
  readonly clock: Clock
}

/** Finds and ends what is left, one child beside the other; what could not be ended is among the survivors. */
export async function reapTagged(options: ReapOptions): Promise<Reaped[]> {
  const byChild = new Map<string, TaggedProcess[]>()
  for (const found of findTagged(options.scope)) {
    const child = found.tag.slice(options.scope.length + 1)
    if (options.spare.has(child) || processVariable(found.pid, childHome) !== options.stateFolder) continue
    byChild.set(child, [...(byChild.get(child) ?? []), found])
  }
  return Promise.all([...byChild].map(([child, processes]) => reapChild(child, processes, options)))
}

async function reapChild(child: string, processes: readonly TaggedProcess[], options: ReapOptions): Promise<Reaped> {
  const leader = leaderOf(processes)
  const identity = leader === null ? null : processIdentity(leader.pid)
  if (leader === null || identity === null || identity === 'unknown') {
    return { child, ended: [], survivors: processes.map(named) }
  }
  const { tag, pid, pgid } = leader
  const group = pgid === pid ? pgid : 0
  const { graceMs, log, clock } = options
  const { ended, survivors } = await terminateTree({
    identity,
    group,
    tag,
    home: options.stateFolder,
    graceMs,
    log,
    clock,
  })
  return { child, ended: ended.map(named), survivors: survivors.map(named) }
}

/** The child itself where it still runs: it leads its own group; else whoever is oldest. */
function leaderOf(processes: readonly TaggedProcess[]): TaggedProcess | null {
  const leading = processes.filter((each) => each.pid === each.pgid)
  const oldest = (leading.length > 0 ? leading : processes).toSorted((a, b) => a.startTicks - b.startTicks)
  return oldest[0] ?? null
}

function named({ pid, command }: { readonly pid: number; readonly command: string }) {
  return { pid, command }
}
