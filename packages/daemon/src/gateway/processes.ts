// What `ps` shows: the daemon, the keeper and every child, each with what its whole process group uses. Pure.
import type { HeldChild } from '@holdfast/keeper'
import type { ProcessStat } from '@holdfast/lifecycle'
import type { HeldProcess } from '@holdfast/protocol'
import type { ChildDescription } from '../feature.ts'

export interface Observed {
  readonly daemon: {
    readonly pid: number
    readonly instance: string
    readonly startedAt: string
    readonly state: string
  }
  readonly keeper: {
    readonly pid: number
    readonly instance: string
    readonly startedAt: string | null
    /** What it holds is as it was last known. */
    readonly isSilent: boolean
  } | null
  readonly held: readonly HeldChild[]
  readonly table: readonly ProcessStat[]
  readonly scope: string
  readonly describe: (child: HeldChild) => ChildDescription | null
}

export function heldProcesses({ daemon, keeper, held, table, scope, describe }: Observed): HeldProcess[] {
  const own: HeldProcess = {
    id: daemon.instance,
    kind: 'daemon',
    name: 'daemon',
    pid: daemon.pid,
    state: daemon.state,
    startedAt: daemon.startedAt,
    ...usage(table.filter(({ pid }) => pid === daemon.pid)),
    project: null,
    serves: `scope ${scope}`,
  }
  const holder: HeldProcess[] =
    keeper === null
      ? []
      : [
          {
            id: keeper.instance,
            kind: 'keeper',
            name: 'keeper',
            pid: keeper.pid,
            state: keeper.isSilent ? 'silent' : 'running',
            startedAt: keeper.startedAt,
            ...usage(table.filter(({ pid }) => pid === keeper.pid)),
            project: null,
            serves: childCount(held),
          },
        ]
  return [own, ...holder, ...held.map((child) => childProcess(child, table, describe(child)))]
}

function childCount(held: readonly HeldChild[]): string {
  const many = held.filter(({ exit }) => exit === null).length
  return many === 1 ? '1 child' : `${many} children`
}

function childProcess(
  child: HeldChild,
  table: readonly ProcessStat[],
  description: ChildDescription | null,
): HeldProcess {
  const { kind, name, project, serves } = description ?? { kind: 'other', name: child.id, project: null, serves: '' }
  const leader = table.find(({ pid, startTicks }) => pid === child.pid && startTicks === child.startTicks)
  // The group is the child's own only while its leader proves it.
  const group = leader === undefined ? [] : table.filter(({ pgid }) => pgid === leader.pgid)
  return {
    id: child.id,
    kind,
    name,
    pid: child.exit === null ? child.pid : null,
    state: stateOf(child, leader),
    startedAt: child.startedAt,
    ...usage(group),
    project,
    serves,
  }
}

function stateOf({ exit }: HeldChild, leader: ProcessStat | undefined): string {
  if (exit !== null) return exit.signal === null ? `exited ${exit.code}` : `ended by ${exit.signal}`
  return leader?.state === 'T' ? 'stopped' : 'running'
}

function usage(processes: readonly ProcessStat[]): { rssBytes: number | null; cpuSeconds: number | null } {
  if (processes.length === 0) return { rssBytes: null, cpuSeconds: null }
  const sum = (of: (each: ProcessStat) => number): number => processes.reduce((all, each) => all + of(each), 0)
  return { rssBytes: sum(({ rssBytes }) => rssBytes), cpuSeconds: Number(sum((each) => each.cpuSeconds).toFixed(2)) }
}
