// How the keeper proves and ends processes; lifecycle does the work. A port, so that tests can have their own.
import {
  childHome,
  childTag,
  descriptorMarks,
  type Identity,
  type Log,
  processIdentity,
  signalProcess,
  terminateTree,
} from '@holdfast/lifecycle'
import type { ChildExit, ChildSpec } from '../api.ts'

/** A process that was identified when it was started, and what finds its offspring. */
export interface Proved {
  readonly identity: Identity
  readonly startTicks: number
  readonly tag: string | null
  /** Whose tag it is. */
  readonly home: string | null
  readonly marks: readonly string[]
}

export interface Processes {
  /** Null when the process can not be identified; then it is never signalled. */
  prove(pid: number, spec: ChildSpec): Proved | null
  /** Ends the process and what it started, as far as it is there. A terminal is hung up first: shells ignore TERM. */
  end(proved: Proved, graceMs: number, isTerminal: boolean): Promise<ChildExit['survivors']>
}

export function systemProcesses(log: Log): Processes {
  return {
    prove(pid, spec) {
      const identity = processIdentity(pid)
      if (identity === null || identity === 'unknown') {
        log.error('a child that was just started cannot be identified', { child: spec.id, pid })
        return null
      }
      const tag = spec.env[childTag] ?? null
      const home = spec.env[childHome] ?? null
      return { identity, startTicks: identity.startTicks, tag, home, marks: descriptorMarks(identity) }
    },
    async end({ identity, tag, home, marks }, graceMs, isTerminal) {
      if (isTerminal) signalProcess(identity, 'SIGHUP')
      const owner = { ...(tag === null ? {} : { tag }), ...(home === null ? {} : { home }) }
      const request = { identity, group: identity.pid, marks, graceMs, log, ...owner }
      const { survivors } = await terminateTree(request)
      return survivors.map(({ pid, command }) => ({ pid, command }))
    },
  }
}
