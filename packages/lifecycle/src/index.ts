// The public face of @holdfast/lifecycle. What tests of a program may use besides is in ./testing.

// Where things lie.
export { ensureFolders, findUnsafeFolder, type FolderOptions, type Folders, resolveFolders } from './folders.ts'
export { type Place, placeOf } from './place.ts'

// Being the daemon.
export type { AcceptedClient, ServeContext, ServeOptions, ServeResult, Service } from './serve/options.ts'
export { lostExitCode } from './serve/options.ts'
export { serveDaemon } from './serve/serve.ts'
export { keepCompiledCode } from './compiled-code.ts'
export { newInstance, startedBy } from './serve/starter.ts'
export { type Host, thisProcess } from './shutdown/host.ts'

// Reaching the daemon, or starting it.
export { connectDaemon, type ConnectOptions, type ConnectResult, type Greeting } from './activation/connect.ts'
export { ensureDaemon } from './activation/ensure.ts'
export type { Ensured, EnsureReason, EnsureRequest } from './activation/request.ts'
export { endHolder, type Replaced, type Replacing } from './activation/replace.ts'
export type { Replacement } from './activation/request.ts'
export type { StartCommand } from './activation/start-command.ts'

// Looking at it, changing nothing.
export { observe, type Observation, type ObservedState } from './activation/observe.ts'
export { type ExitKind, type ExitRecord, keptExits } from './claim/exit-record.ts'
export { holdsClaim, labelledHolder } from './activation/holder.ts'
export { quarantineOf } from './serve/quarantine.ts'
export { readRecord } from './read-record.ts'

// What the two sides say to each other.
export type { Answer, Hello, RefusalCode, Refused, Welcome } from './handshake.ts'
export { encodeReadiness, parseReadiness, type Readiness } from './readiness.ts'
export { commonProtocol, type DaemonRecord, type DaemonState, type Label, type ProtocolRange } from './record.ts'

// Processes: knowing one, and signalling only that one.
export type { Identity } from './identity.ts'
export type { ProcessInfo, ProcessStat } from './os/system.ts'
export { type Cgroup, enterCgroup, removeCgroup } from './process/cgroup.ts'
export { isAlive, processIdentity, sameProcess, selfIdentity } from './process/identity.ts'
export { signalProcess, type SignalResult } from './process/signal.ts'
export { childHome, childTag, findTagged, processVariable, type TaggedProcess } from './process/table.ts'
export { findPrograms, processAgeMs, processTable, workingFolder } from './process/table.ts'
export { descriptorMarks, terminateTree, type TerminateRequest, type TerminateResult } from './process/terminate.ts'

// Restarting without spinning.
export { backoff, type BackoffPolicy, defaultBackoff } from './supervise/backoff.ts'
export { defaultRestartPolicy, restartDecision, type RestartDecision } from './supervise/restart-intensity.ts'
export type { RestartPolicy, UnexpectedExit } from './supervise/restart-intensity.ts'

// Time, files, logs, faults and errors.
export { createOnce, replaceFile } from './atomic-file.ts'
export { type Clock, type Deadline, deadlineIn, systemClock, type Timer } from './clock.ts'
export { errnoOf, isLifecycleError, LifecycleError, lifecycleErrors } from './errors.ts'
export type { ErrorEntry, ErrorKind, LifecycleErrorCode } from './errors.ts'
export { type Failpoint, failpointNames, noFailpoint, parseFailpoints } from './failpoint.ts'
export { createLog, type Level, type Log, logOver, type LogOptions, RotatingFile, silentLog, tailFile } from './log.ts'
