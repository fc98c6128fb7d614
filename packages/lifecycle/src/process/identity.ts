// Which process a pid means. A pid alone is never trusted: identity is pid, start ticks, boot, pid namespace and user.
// Identity gates signals; it never proves who owns something (that is what locks are for).
import type { Identity } from '../identity.ts'
import type { ProcessStat, System } from '../os/system.ts'
import { thisSystem } from '../os/this-system.ts'

/** The identity of the process that has this pid now; null when there is none. A zombie still has one. */
export function processIdentity(pid: number, system: System = thisSystem): Identity | null | 'unknown' {
  const stat = system.stat(pid)
  return stat === null || stat === 'unknown' ? stat : identityOf(stat, system)
}

/** The identity of a process of a table that was just read. */
export function identityOf(stat: ProcessStat, system: System = thisSystem): Identity {
  const { pid, startTicks, uid } = stat
  return { pid, startTicks, uid, bootId: system.bootId(), pidNamespace: system.pidNamespace() }
}

/** This process. */
export function selfIdentity(system: System = thisSystem): Identity {
  const found = processIdentity(process.pid, system)
  if (found !== null && found !== 'unknown') return found
  const { pid } = process
  return { pid, startTicks: 0, uid: system.uid(), bootId: system.bootId(), pidNamespace: system.pidNamespace() }
}

/** Do both name one process? 'unknown' when either cannot be placed (another or an unknown boot or namespace counts as such). */
export function sameProcess(a: Identity, b: Identity): boolean | 'unknown' {
  if (a.bootId === 'unknown' || b.bootId === 'unknown') return 'unknown'
  if (a.bootId !== b.bootId) return false
  if (a.pidNamespace === 'unknown' || b.pidNamespace === 'unknown') return 'unknown'
  if (a.pidNamespace !== b.pidNamespace) return 'unknown'
  return a.pid === b.pid && a.startTicks === b.startTicks
}

/** Is the process of this identity still running? A zombie is dead (K12); what cannot be seen is unknown. */
export function isAlive(identity: Identity, system: System = thisSystem): 'alive' | 'dead' | 'unknown' {
  const bootId = system.bootId()
  if (bootId !== 'unknown' && identity.bootId !== 'unknown' && identity.bootId !== bootId) return 'dead'
  const namespace = system.pidNamespace()
  if (namespace === 'unknown' || identity.pidNamespace !== namespace) return 'unknown'
  const stat = system.stat(identity.pid)
  if (stat === null) return 'dead'
  if (stat === 'unknown') return hiddenIsAlive(identity.pid, system)
  if (stat.startTicks !== identity.startTicks) return 'dead'
  return stat.isRunning ? 'alive' : 'dead'
}

/** Nothing can be read of the process: EPERM proves that one of another user lives under this pid. */
function hiddenIsAlive(pid: number, system: System): 'alive' | 'dead' | 'unknown' {
  if (!Number.isSafeInteger(pid) || pid <= 1) return 'unknown'
  const answer = system.kill(pid, 0)
  if (answer === 'ESRCH') return 'dead'
  return answer === 'EPERM' && system.platform !== 'unsupported' ? 'alive' : 'unknown'
}
