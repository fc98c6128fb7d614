// What can go wrong in the kernel, as one table: code -> kind, exit code, whether a retry can help, and the fix.
// Expected outcomes (a claim that was taken, a daemon that is absent) are return values and not in here.

/** What sort of failure it is; decides the exit code. */
export type ErrorKind =
  | 'usage'
  | 'missing'
  | 'unavailable'
  | 'conflict'
  | 'incompatible'
  | 'timeout'
  | 'denied'
  | 'failed'
  | 'internal'

/** One row of the table. */
export interface ErrorEntry {
  readonly kind: ErrorKind
  readonly exitCode: number
  readonly retryable: boolean
  readonly hint: string
}

function entry(kind: ErrorKind, exitCode: number, retryable: boolean, hint: string): ErrorEntry {
  return { kind, exitCode, retryable, hint }
}

/** The code of an error of this package. */
export type LifecycleErrorCode =
  | 'name-invalid'
  | 'failpoint-invalid'
  | 'folder-foreign'
  | 'folder-relative'
  | 'folder-open'
  | 'folder-unwritable'
  | 'path-obstructed'
  | 'disk-full'
  | 'too-many-files'
  | 'socket-path-too-long'
  | 'socket-unusable'
  | 'lock-unsupported'
  | 'epoch-exhausted'
  | 'handshake-invalid'
  | 'handshake-timeout'
  | 'handshake-closed'
  | 'daemon-absent'
  | 'daemon-forbidden'
  | 'daemon-foreign'
  | 'daemon-incompatible'
  | 'daemon-draining'
  | 'daemon-superseded'
  | 'daemon-quarantined'
  | 'daemon-hung'
  | 'owner-unknown'
  | 'start-failed'
  | 'start-timeout'
  | 'crash-looping'
  | 'deadline-over'
  | 'cancelled'
  | 'internal'

/** Every error of @holdfast/lifecycle. */
export const lifecycleErrors: Readonly<Record<LifecycleErrorCode, ErrorEntry>> = {
  'name-invalid': entry('usage', 2, false, 'use 1 to 64 letters, digits, dots, dashes or underscores'),
  'failpoint-invalid': entry(
    'usage',
    2,
    false,
    'write name=[N*]kill|stop|error(CODE)|delay(MS), joined by "->" and ";"',
  ),
  'folder-foreign': entry('denied', 4, false, 'remove it, or choose another place with the HOME variable of this app'),
  'folder-relative': entry('usage', 2, false, 'give an absolute path'),
  'folder-open': entry('denied', 4, false, 'run chmod 700 on it: only its owner may have access'),
  'folder-unwritable': entry('unavailable', 4, false, 'make it writable, or choose another place for it'),
  'path-obstructed': entry(
    'unavailable',
    4,
    false,
    'something else lies in the place of a file of ours: look at it, then remove it',
  ),
  'disk-full': entry('unavailable', 4, true, 'free some space, then try again; nothing was lost'),
  'too-many-files': entry('unavailable', 4, true, 'raise the limit of open files (ulimit -n), or end what holds them'),
  'socket-path-too-long': entry('unavailable', 4, false, 'choose a shorter folder'),
  'socket-unusable': entry('unavailable', 4, false, 'use a folder on a local file system that allows sockets'),
  'lock-unsupported': entry('unavailable', 4, false, 'use a folder on a local file system that supports locks'),
  'epoch-exhausted': entry(
    'internal',
    70,
    false,
    'the epoch file holds an impossible number; move the claim folder away',
  ),
  'handshake-invalid': entry(
    'incompatible',
    5,
    false,
    'something else answers on this socket; look at who listens there',
  ),
  'handshake-timeout': entry('timeout', 7, true, 'the other side said nothing in time; look at its log'),
  'handshake-closed': entry('unavailable', 4, true, 'the other side went away; connect again'),
  'daemon-absent': entry('unavailable', 4, true, 'start it'),
  'daemon-forbidden': entry(
    'denied',
    4,
    false,
    'this user may not use that socket; a sandbox, or a leftover of another user',
  ),
  'daemon-foreign': entry(
    'denied',
    4,
    false,
    'it is not ours and is left alone; remove it yourself, or use another place',
  ),
  'daemon-incompatible': entry('incompatible', 5, false, 'upgrade the older side, then restart the daemon'),
  'daemon-draining': entry('unavailable', 4, true, 'it is about to leave; connect again'),
  'daemon-superseded': entry('unavailable', 4, true, 'a newer one has taken over; connect again'),
  'daemon-quarantined': entry(
    'unavailable',
    4,
    false,
    'it crashed too often; read the cause in its status and log, mend it, then `holdfast restart`',
  ),
  'daemon-hung': entry('unavailable', 4, true, 'it does not answer; look at its log, or end it'),
  'owner-unknown': entry(
    'unavailable',
    4,
    false,
    'the holder of the lock cannot be identified, so it was not ended; end it yourself',
  ),
  'start-failed': entry('unavailable', 4, true, 'read the log lines below for the cause'),
  'start-timeout': entry('timeout', 7, true, 'the machine may be busy: try again with a longer timeout'),
  'crash-looping': entry('unavailable', 4, false, 'it ended too often in a short time; read the cause in its log'),
  'deadline-over': entry('timeout', 7, true, 'try again with a longer timeout'),
  cancelled: entry('failed', 130, false, 'it was interrupted'),
  internal: entry('internal', 70, false, 'this is a bug; please report it with the log'),
}

/** An error of this package: what failed, whether a retry can help, and what to do. */
export class LifecycleError extends Error {
  readonly code: LifecycleErrorCode
  readonly kind: ErrorKind
  readonly exitCode: number
  readonly retryable: boolean
  readonly hint: string
  /** The last lines of the log of the process that failed. */
  readonly evidence: string | undefined
  /** Tells it from others, also across copies of this package. */
  readonly isLifecycleError: true = true

  constructor(
    code: LifecycleErrorCode,
    message: string,
    more: { readonly cause?: unknown; readonly hint?: string; readonly evidence?: string | undefined } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    const { kind, exitCode, retryable, hint } = lifecycleErrors[code]
    this.name = 'LifecycleError'
    this.code = code
    this.kind = kind
    this.exitCode = exitCode
    this.retryable = retryable
    this.hint = more.hint ?? hint
    this.evidence = more.evidence
  }
}

/** True for an error of this package, also of another copy of it. */
export function isLifecycleError(error: unknown): error is LifecycleError {
  return error instanceof Error && 'isLifecycleError' in error
}

/** The errno of a system error (`ENOENT`), or undefined when it has none. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

const errnoCodes: Readonly<Record<string, LifecycleErrorCode>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EFBIG: 'disk-full',
  EMFILE: 'too-many-files',
  ENFILE: 'too-many-files',
  EACCES: 'folder-unwritable',
  EPERM: 'folder-unwritable',
  EROFS: 'folder-unwritable',
  ENOTDIR: 'folder-unwritable',
  ENOENT: 'folder-unwritable',
  EIO: 'folder-unwritable',
  ENAMETOOLONG: 'folder-unwritable',
  ELOOP: 'folder-foreign',
  EISDIR: 'path-obstructed',
  ESPIPE: 'path-obstructed',
  ENXIO: 'path-obstructed',
}

const errnoWords: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the device (ENOSPC)',
  EDQUOT: 'the disk quota is used up (EDQUOT)',
  EFBIG: 'a limit of the size of files is reached (EFBIG, see ulimit -f)',
  EMFILE: 'this process has too many open files (EMFILE)',
  ENFILE: 'the machine has too many open files (ENFILE)',
  EACCES: 'permission denied (EACCES)',
  EPERM: 'not permitted (EPERM)',
  EROFS: 'the file system is read-only (EROFS)',
}

/** What a failed file operation means to a user: `doing` is what was tried, `path` on what. */
export function fileError(doing: string, path: string, error: unknown): LifecycleError {
  if (isLifecycleError(error)) return error
  const errno = errnoOf(error)
  const code = errnoCodes[errno ?? ''] ?? 'internal'
  return new LifecycleError(code, `cannot ${doing} ${path}: ${errnoWords[errno ?? ''] ?? errno ?? String(error)}`, {
    cause: error,
  })
}
