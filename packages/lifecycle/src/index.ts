// The public face of @holdfast/lifecycle.
export { createOnce, replaceFile } from './atomic-file.ts'
export { type ExitKind, type ExitRecord, keptExits } from './claim/exit-record.ts'
export {
  errnoOf,
  type ErrorEntry,
  type ErrorKind,
  isLifecycleError,
  LifecycleError,
  lifecycleErrors,
} from './errors.ts'
export type { LifecycleErrorCode } from './errors.ts'
export { type Failpoint, failpointNames, noFailpoint, parseFailpoints } from './failpoint.ts'
export { ensureFolders, findUnsafeFolder, type Folders, type FolderOptions, resolveFolders } from './folders.ts'
export { type Answer, type Hello, type Refused, type RefusalCode, type Welcome } from './handshake.ts'
export type { Identity } from './identity.ts'
export { type Place, placeOf } from './place.ts'
export { readRecord } from './read-record.ts'
export { commonProtocol, type DaemonRecord, type DaemonState, type Label, type ProtocolRange } from './record.ts'
export { type Clock, type Deadline, deadlineIn, systemClock, type Timer } from './clock.ts'
export { createLog, type Level, type Log, logOver, type LogOptions, RotatingFile, silentLog, tailFile } from './log.ts'
export type { ProcessInfo, ProcessStat } from './os/system.ts'
export { type Cgroup, enterCgroup, removeCgroup } from './process/cgroup.ts'
export { isAlive, processIdentity, sameProcess, selfIdentity } from './process/identity.ts'
export { signalProcess, type SignalResult } from './process/signal.ts'
export { childTag, findTagged, processTable, processVariable, type TaggedProcess } from './process/table.ts'
export { descriptorMarks, terminateTree, type TerminateRequest, type TerminateResult } from './process/terminate.ts'
export { backoff, type BackoffPolicy, defaultBackoff } from './supervise/backoff.ts'
export { defaultRestartPolicy, restartDecision, type RestartDecision } from './supervise/restart-intensity.ts'
export { type RestartPolicy, type UnexpectedExit } from './supervise/restart-intensity.ts'
export { type Host, thisProcess } from './shutdown/host.ts'
export { encodeReadiness, parseReadiness, type Readiness } from './readiness.ts'
export { type AcceptedClient, lostExitCode, type ServeContext, type ServeOptions } from './serve/options.ts'
export type { ServeResult, Service } from './serve/options.ts'
export { serveDaemon } from './serve/serve.ts'
export { newInstance, startedBy } from './serve/starter.ts'
export { connectDaemon, type ConnectOptions, type ConnectResult, type Greeting } from './activation/connect.ts'
export { ensureDaemon, type Ensured, type EnsureReason, type EnsureRequest } from './activation/ensure.ts'
export type { Replacement } from './activation/ensure.ts'
export { observe, type Observation, type ObservedState } from './activation/observe.ts'
export type { StartCommand } from './activation/start-command.ts'
