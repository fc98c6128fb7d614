// What the kernel of this machine is asked about processes, behind one interface for each platform. Answers are three-valued:
// the thing, null (proved absent), or 'unknown'; unknown is never read as absent.

/** One process, as seen at one moment. */
export interface ProcessStat {
  readonly pid: number
  readonly ppid: number
  /** Process group. */
  readonly pgid: number
  readonly session: number
  /** Start time in the ticks of this platform; with the pid and the boot it names a process. */
  readonly startTicks: number
  /** The letter of ps: R, S, D, T (stopped), t (traced), Z (zombie), X. */
  readonly state: string
  /** False only for a zombie of which no thread runs any more. */
  readonly isRunning: boolean
  readonly rssBytes: number
  readonly cpuSeconds: number
  /** Effective user. */
  readonly uid: number
}

/** A process with the command line that people know it by. */
export interface ProcessInfo extends ProcessStat {
  readonly command: string
}

export interface System {
  readonly platform: 'linux' | 'darwin' | 'unsupported'
  /** Differs after each boot; `unknown` where it cannot be read. */
  bootId(): string
  /** Pids are comparable only within one namespace; `unknown` where it cannot be read. */
  pidNamespace(): string
  uid(): number
  stat(pid: number): ProcessStat | null | 'unknown'
  /** The pids of every process that can be seen; each may be gone by now. */
  pids(): number[]
  /** Every process that can be seen. */
  all(): ProcessStat[]
  command(pid: number): string
  /** How long ago the process of these start ticks began, in milliseconds. */
  ageMs(startTicks: number): number
  /** Where it works; null when that cannot be seen. */
  workingFolder(pid: number): string | null
  /** A variable of the environment that the process was started with; null when it has none, or it cannot be read. */
  variableOf(pid: number, name: string): string | null
  /** What the open descriptors of a process point at: `socket:[1]`, `pipe:[2]`, paths. */
  descriptors(pid: number): readonly string[] | 'unknown'
  /** Does this process hold a lock on the file (device and inode)? */
  holdsLock(pid: number, file: { readonly dev: bigint; readonly ino: bigint }): boolean | 'unknown'
  /** Sends a signal, or nothing for signal 0; the errno where it failed. */
  kill(pid: number, signal: NodeJS.Signals | 0): 'ok' | 'ESRCH' | 'EPERM'
}
