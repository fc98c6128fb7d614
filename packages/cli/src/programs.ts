// The programs that lie beside this one in dist/, and how the daemon is started.
import { dirname, join } from 'node:path'
import type { Folders, StartCommand } from '@holdfast/lifecycle'

/** Every program is one bundle in the folder of this one. */
export function programPath(name: 'main' | 'daemon' | 'keeper' | 'guide'): string {
  return join(import.meta.dirname, `${name}.js`)
}

/** The docs that belong to this build. */
export function docsFolder(): string {
  return join(import.meta.dirname, 'docs')
}

/** A daemon idles most of its life: a small young generation keeps it small. */
export const runtimeFlags: readonly string[] = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1']

/** Where compiled code is kept; what the command itself has as its cache, where it has one. */
function runtimeOf(): Record<string, string> {
  // Its path ends with a folder for this version of the runtime, which the daemon's runtime adds itself.
  const folder = process.getBuiltinModule('node:module').getCompileCacheDir()
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) }
}

/** What `up` may ask of a daemon that it starts. */
export interface DaemonWishes {
  readonly owner?: string | null
  /** 0: never leave for lack of work. */
  readonly idleMs?: number | null
  /** Serve in spite of the crashes before. */
  readonly isForgiven?: boolean
}

export interface DaemonSurroundings {
  readonly folders: Folders
  readonly scope: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export function daemonCommand({ folders, scope, env }: DaemonSurroundings, wishes: DaemonWishes): StartCommand {
  const { owner = null, idleMs = null, isForgiven = false } = wishes
  const flags = [
    ...(owner === null ? [] : ['--owner', owner]),
    ...(idleMs === null ? [] : ['--idle-ms', idleMs === 0 ? 'never' : String(idleMs)]),
    ...(isForgiven ? ['--forgiven'] : []),
  ]
  return {
    command: process.execPath,
    args: [...runtimeFlags, programPath('daemon'), ...flags],
    env: { ...env, HOLDFAST_SCOPE: scope },
    runtime: runtimeOf(),
    cwd: folders.state,
    logFile: join(folders.logs, 'daemon.log'),
  }
}
