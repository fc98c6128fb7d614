// Where everything of one scope lies, from the environment (XDG, or one folder for all), and whether those folders are safe:
// real folders of this user with no access for others. Invariant: nothing is read from or written to a folder that is not.
import { lstatSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { errnoOf, fileError, LifecycleError } from './errors.ts'
import { asName } from './json-fields.ts'

/** The longest socket path that works on every system and release (Linux 108, macOS 104, Node 20 truncates). */
export const socketPathLimitBytes = 90
/** Room for `/<role>.i<epoch>.new` behind a socket folder, for roles of up to 8 letters and epochs of up to 8 digits. */
const socketNameBytes = 23

/** The folders of one scope. */
export interface Folders {
  readonly app: string
  readonly scope: string
  /** The folder that holds everything, when the environment names one. */
  readonly home: string | null
  /** Records; gone after a reboot. */
  readonly run: string
  /** Sockets: `run`, or a short folder when paths in `run` would be too long. */
  readonly sockets: string
  /** What must survive: claim, store. */
  readonly state: string
  /** The user's configuration; shared by all scopes. */
  readonly config: string
  readonly logs: string
  /** The folders that must be ours alone, outermost first. */
  readonly owned: readonly string[]
}

/** Where to look; `tmpdir` is the same for every process of a user, so it is not taken from TMPDIR (default `/tmp`). */
export interface FolderOptions {
  readonly app: string
  readonly scope: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly uid: number
  readonly tmpdir?: string
}

function absolute(variable: string, value: string | undefined): string | null {
  if (value === undefined || value === '') return null
  if (!isAbsolute(value)) {
    throw new LifecycleError('folder-relative', `${variable} is "${value}", which is not an absolute path`)
  }
  return resolve(value)
}

/** XDG: a relative path in one of its variables is invalid and ignored. */
function xdg(value: string | undefined): string | null {
  return value !== undefined && isAbsolute(value) ? resolve(value) : null
}

// node:crypto is asked for only here: importing it would cost each client milliseconds at its start.
function socketsFor(run: string, short: string): { folder: string; owned: readonly string[] } {
  const fits = (folder: string): boolean => Buffer.byteLength(folder) + socketNameBytes <= socketPathLimitBytes
  if (fits(run)) return { folder: run, owned: [] }
  const folder = join(
    short,
    process.getBuiltinModule('node:crypto').createHash('sha256').update(run).digest('hex').slice(0, 12),
  )
  if (fits(folder)) return { folder, owned: [short, folder] }
  throw new LifecycleError(
    'socket-path-too-long',
    `a socket path may have ${socketPathLimitBytes} bytes; neither ${run} (${Buffer.byteLength(run)} bytes) ` +
      `nor ${folder} (${Buffer.byteLength(folder)} bytes) leaves the ${socketNameBytes} bytes that a socket name needs`,
  )
}

/**
 * The folders of a scope. Touches nothing.
 * `<APP>_HOME` puts all of it under one folder; else XDG_RUNTIME_DIR (or `/tmp/<app>-<uid>`), XDG_STATE_HOME, XDG_CONFIG_HOME.
 * Throws `name-invalid`, `folder-relative`, `socket-path-too-long`.
 */
export function resolveFolders({ app, scope, env, uid, tmpdir = '/tmp' }: FolderOptions): Folders {
  if (asName(scope) === null) throw new LifecycleError('name-invalid', `"${scope}" cannot be the name of a scope`)
  const variable = `${app.toUpperCase()}_HOME`
  const home = absolute(variable, env[variable])
  const user = xdg(env['HOME']) ?? homedir()
  const runtime = xdg(env['XDG_RUNTIME_DIR'])
  const short = join(tmpdir, `${app}-${uid}`)
  const runRoot = home === null ? (runtime === null ? short : join(runtime, app)) : join(home, 'run')
  const stateRoot =
    home === null ? join(xdg(env['XDG_STATE_HOME']) ?? join(user, '.local/state'), app) : join(home, 'state')
  const config = home === null ? join(xdg(env['XDG_CONFIG_HOME']) ?? join(user, '.config'), app) : join(home, 'config')
  const run = join(runRoot, scope)
  const state = join(stateRoot, scope)
  const sockets = socketsFor(run, short)
  const logs = join(state, 'logs')
  const owned = [...new Set([runRoot, run, ...sockets.owned, stateRoot, state, join(state, 'claim'), logs])]
  return { app, scope, home, run, sockets: sockets.folder, state, config, logs, owned }
}

/** What is known of a folder that should be ours alone. */
export type FolderVerdict = 'ours' | 'absent' | LifecycleError

/** Whether `path` is a real folder (no link) of user `uid` that nobody else may enter. Never follows a link, changes nothing. */
export function inspectFolder(path: string, uid: number): FolderVerdict {
  let found: ReturnType<typeof lstatSync>
  try {
    found = lstatSync(path)
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? 'absent' : fileError('look at the folder', path, error)
  }
  if (found.isSymbolicLink()) return new LifecycleError('folder-foreign', `${path} is a symbolic link, not a folder`)
  if (!found.isDirectory()) return new LifecycleError('folder-foreign', `${path} is not a folder`)
  if (found.uid !== uid) {
    return new LifecycleError('folder-foreign', `${path} belongs to user ${found.uid}, not to user ${uid}`)
  }
  const mode = found.mode & 0o777
  if ((mode & 0o077) !== 0) {
    return new LifecycleError('folder-open', `${path} has mode ${mode.toString(8)}: others have access to it`)
  }
  return 'ours'
}

/** Creates a folder (0700) when it is missing, and verifies that it is ours alone. Throws what `inspectFolder` names. */
export function ensureFolder(path: string, uid: number): void {
  if (inspectFolder(path, uid) === 'absent') {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw fileError('create the folder', path, error)
    }
  }
  const verdict = inspectFolder(path, uid)
  if (verdict === 'absent') throw new LifecycleError('folder-unwritable', `${path} vanished while it was created`)
  if (verdict !== 'ours') throw verdict
}

/** Creates and verifies all folders of a scope. */
export function ensureFolders(folders: Folders, uid: number): void {
  for (const path of folders.owned) ensureFolder(path, uid)
}

/** The first folder of a scope that is not safe to use, or null; folders that do not exist yet are fine. */
export function findUnsafeFolder(folders: Folders, uid: number): LifecycleError | null {
  for (const path of folders.owned) {
    const verdict = inspectFolder(path, uid)
    if (verdict !== 'ours' && verdict !== 'absent') return verdict
  }
  return null
}
