// Ends a child and everything that it started: TERM to the verified group and to escapees, grace, KILL, again until nothing is
// left; whoever remains is reported. It is over within the grace and one second (I6, K39, K40). Never by name.
import { type Clock, deadlineIn, type Deadline, systemClock } from '../clock.ts'
import type { Identity } from '../identity.ts'
import { type Log, silentLog } from '../log.ts'
import type { ProcessInfo, ProcessStat, System } from '../os/system.ts'
import { thisSystem } from '../os/this-system.ts'
import { type Cgroup, cgroupMembers, killCgroup } from './cgroup.ts'
import { keyOf, membersOf } from './cohort.ts'
import { identityOf } from './identity.ts'
import { signalGroup, signalProcess } from './signal.ts'
import { ownerMarkOf, ownMarks, takeSnapshot } from './snapshot.ts'
import { ownerMark, withCommand } from './table.ts'

/** Which processes to end, and how patiently. */
export interface TerminateRequest {
  /** Of the child itself, taken when it was started. It may be dead by now. */
  readonly identity: Identity
  /** The process group that it leads; 0 when it has none of its own. */
  readonly group: number
  /** The value of HOLDFAST_CHILD in its environment. */
  readonly tag?: string
  /** The value of HOLDFAST_STATE in its environment: another home may have given the same tag to a process of its own. */
  readonly home?: string
  /** Pipes and sockets that only it was given (see `descriptorMarks`). Found by itself while the child lives. */
  readonly marks?: readonly string[]
  readonly cgroup?: Cgroup | null
  /** From TERM to KILL. 0 kills at once. */
  readonly graceMs: number
  readonly log?: Log
  readonly clock?: Clock
  readonly system?: System
}

/** Who was ended, and who could not be. */
export interface TerminateResult {
  /** Who was found running and is gone. */
  readonly ended: readonly ProcessInfo[]
  /** Who could not be ended, or not be proved to belong to the child. */
  readonly survivors: readonly ProcessInfo[]
}

/** How long killing may take after the grace. */
const killBudgetMs = 900
const pollMs = 20

/** Ends the child's processes; see the head of this file. Never throws for a process that is already gone. */
export async function terminateTree(request: TerminateRequest): Promise<TerminateResult> {
  const hunt = new Hunt(request)
  hunt.look()
  if (request.graceMs > 0) {
    hunt.signal('SIGTERM')
    await hunt.untilEmpty(deadlineIn(hunt.clock, request.graceMs), 'SIGTERM')
  }
  if (!hunt.isEmpty()) {
    hunt.signal('SIGKILL')
    await hunt.untilEmpty(deadlineIn(hunt.clock, killBudgetMs), 'SIGKILL')
  }
  return hunt.result()
}

/** The pipes and sockets of a child that nobody else holds: keep them for `terminateTree`, it finds escapees by them. */
export function descriptorMarks(identity: Identity, system: System = thisSystem): readonly string[] {
  const leader = system.stat(identity.pid)
  if (leader === null || leader === 'unknown' || leader.startTicks !== identity.startTicks) return []
  return [...ownMarks(leader, ownerMarkOf(leader.pid, system), system)]
}

/** One search: what was found so far, and what of it still runs. */
class Hunt {
  readonly clock: Clock
  private readonly request: TerminateRequest
  private readonly system: System
  private readonly log: Log
  private readonly found = new Map<string, ProcessInfo>()
  private readonly told = new Set<string>()
  private marks: Set<string>
  private members: ProcessStat[] = []
  private unproved: ProcessStat[] = []
  private isGroupProved = false

  constructor(request: TerminateRequest) {
    this.request = request
    this.clock = request.clock ?? systemClock
    this.system = request.system ?? thisSystem
    this.log = request.log ?? silentLog
    this.marks = new Set(request.marks)
  }

  /** A full look at the machine. */
  look(): void {
    const { identity, group, cgroup } = this.request
    const tag = this.request.tag === undefined ? null : ownerMark(this.request.tag, this.request.home)
    const pids = cgroup ? cgroupMembers(cgroup) : new Set<number>()
    const snapshot = takeSnapshot(this.system, pids)
    const known = new Set(this.found.keys())
    const leader = this.placed() ? identity : { pid: 0, startTicks: 0 }
    const find = (): ReturnType<typeof membersOf> =>
      membersOf(snapshot, { leader, group, tag, marks: this.marks, known })
    let seen = find()
    const living = seen.members.find((each) => keyOf(each) === keyOf(identity))
    if (living && this.marks.size === 0) {
      this.marks = ownMarks(living, tag, this.system)
      seen = find()
    }
    this.members = seen.members
    this.unproved = seen.unproved
    this.isGroupProved = seen.isGroupProved
    for (const each of this.members) {
      const key = keyOf(each)
      if (!this.found.has(key)) this.found.set(key, withCommand(each, this.system))
    }
  }

  /** An identity of another boot or pid namespace names nobody here. */
  private placed(): boolean {
    const { bootId, pidNamespace } = this.request.identity
    return bootId !== 'unknown' && bootId === this.system.bootId() && pidNamespace === this.system.pidNamespace()
  }

  isEmpty(): boolean {
    return this.members.length === 0
  }

  /** Sends `signal` to every member, each once a signal; the group first, so that it cannot fork away in between. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (signal === 'SIGKILL' && this.request.cgroup) killCgroup(this.request.cgroup)
    const { group } = this.request
    const inGroup = this.members.find((each) => each.pgid === group)
    const news = this.members.filter((each) => !this.told.has(`${signal} ${keyOf(each)}`))
    if (news.length === 0) return
    if (this.isGroupProved && inGroup && news.some((each) => each.pgid === group)) {
      signalGroup(group, identityOf(inGroup, this.system), signal, this.system)
    }
    for (const each of news) {
      this.told.add(`${signal} ${keyOf(each)}`)
      const identity = identityOf(each, this.system)
      const isGroupTold = this.isGroupProved && each.pgid === group && signal === 'SIGTERM'
      const sent = isGroupTold ? 'sent' : signalProcess(identity, signal, this.system)
      // A stopped process hears TERM only when it goes on.
      if (signal === 'SIGTERM' && each.state === 'T') signalProcess(identity, 'SIGCONT', this.system)
      if (sent === 'refused') this.log.warn('could not signal a process', { pid: each.pid, signal, uid: each.uid })
    }
  }

  /** Waits until nothing of the child runs, telling newcomers the same; gives up at the deadline. */
  async untilEmpty(deadline: Deadline, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    for (;;) {
      this.members = this.members.filter((each) => this.runs(each))
      if (this.isEmpty() || signal === 'SIGKILL') {
        this.look()
        if (this.isEmpty()) return
        this.signal(signal)
      }
      if (deadline.isOver()) return this.look()
      await this.clock.sleep(Math.min(pollMs, deadline.remainingMs()))
    }
  }

  private runs(each: ProcessStat): boolean {
    const now = this.system.stat(each.pid)
    return now === 'unknown' || (now !== null && now.startTicks === each.startTicks && now.isRunning)
  }

  result(): TerminateResult {
    const left = new Set(this.members.filter((each) => this.runs(each)).map(keyOf))
    const ended = [...this.found].filter(([key]) => !left.has(key)).map(([, each]) => each)
    const unended = [...this.found].filter(([key]) => left.has(key)).map(([, each]) => each)
    const survivors = [...unended, ...this.unproved.map((each) => withCommand(each, this.system))]
    if (survivors.length > 0) this.log.warn('processes outlived their end', { survivors: survivors.map(brief) })
    return { ended, survivors }
  }
}

function brief(each: ProcessInfo): { pid: number; command: string } {
  return { pid: each.pid, command: each.command }
}
