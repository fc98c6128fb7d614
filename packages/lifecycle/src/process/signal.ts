// The only way of our code to a signal (I6, K13): the identity is proved at that moment, and pid 0, 1, -1 and our own group can
// not be reached, whatever a record or a caller says.
import type { Identity } from '../identity.ts'
import type { ProcessStat, System } from '../os/system.ts'
import { thisSystem } from '../os/this-system.ts'
import { identityOf, sameProcess } from './identity.ts'

/** `gone`: it is proved that no such process runs. `refused`: unproved, not ours to signal, or not permitted. */
export type SignalResult = 'sent' | 'gone' | 'refused'

/** Sends `signal` to the process of this identity, if it is proved to be that very process. */
export function signalProcess(identity: Identity, signal: NodeJS.Signals, system: System = thisSystem): SignalResult {
  const proof = prove(identity, system)
  if (proof === 'gone' || proof === 'refused') return proof
  if (identity.pid === process.pid) return 'refused'
  return outcome(system.kill(identity.pid, signal))
}

/**
 * Sends `signal` to a process group that `leader` proves: it is in that group at this moment (as its leader, or as a member
 * whose identity is proved). Never our own group.
 */
export function signalGroup(
  group: number,
  leader: Identity,
  signal: NodeJS.Signals,
  system: System = thisSystem,
): SignalResult {
  const proof = prove(leader, system)
  if (proof === 'gone' || proof === 'refused') return proof
  if (!Number.isSafeInteger(group) || group <= 1 || proof.pgid !== group) return 'refused'
  const self = system.stat(process.pid)
  if (self === null || self === 'unknown' || self.pgid === group) return 'refused'
  return outcome(system.kill(-group, signal))
}

function prove(identity: Identity, system: System): ProcessStat | 'gone' | 'refused' {
  const { pid } = identity
  if (!Number.isSafeInteger(pid) || pid <= 1) return 'refused'
  const stat = system.stat(pid)
  if (stat === 'unknown') return 'refused'
  if (stat === null) return placed(identity, system) ? 'gone' : 'refused'
  const same = sameProcess(identity, identityOf(stat, system))
  if (same === 'unknown') return 'refused'
  if (!same) return 'gone'
  return stat.uid === identity.uid ? stat : 'refused'
}

/** Is it a pid of this boot and namespace at all? */
function placed(identity: Identity, system: System): boolean {
  return (
    sameProcess(identity, { ...identity, bootId: system.bootId(), pidNamespace: system.pidNamespace() }) !== 'unknown'
  )
}

function outcome(result: 'ok' | 'ESRCH' | 'EPERM'): SignalResult {
  if (result === 'ok') return 'sent'
  return result === 'ESRCH' ? 'gone' : 'refused'
}
