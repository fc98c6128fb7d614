// How a daemon is started, and what of the caller's environment it may see: a daemon outlives the shell, editor or agent that
// happened to start it, and must not carry that one's secrets, tags or runtime options.
import { childTag, daemonMark } from '../process/table.ts'

/** A daemon to be started. */
export interface StartCommand {
  readonly command: string
  readonly args: readonly string[]
  /** The caller's environment; only what a daemon needs is passed on. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Variables for the daemon's own runtime, such as NODE_COMPILE_CACHE: passed on as they are, over `env`. */
  readonly runtime?: Readonly<Record<string, string>>
  /** A neutral folder that stays: the state folder. */
  readonly cwd: string
  /** Takes stdout and stderr. */
  readonly logFile: string
}

/** The descriptor on which a daemon tells how its start went. */
export const readyDescriptor = 3

const passed = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TZ', 'TMPDIR'])
const passedPrefixes = ['LC_', 'XDG_', 'HOLDFAST_']

/** The environment of a daemon with this instance id. Pure. */
export function daemonEnvironment(
  env: StartCommand['env'],
  instance: string,
  runtime: StartCommand['runtime'] = {},
): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || name === childTag) continue
    if (passed.has(name) || passedPrefixes.some((prefix) => name.startsWith(prefix))) kept[name] = value
  }
  return { ...kept, ...runtime, [daemonMark]: instance, HOLDFAST_READY_FD: String(readyDescriptor) }
}
