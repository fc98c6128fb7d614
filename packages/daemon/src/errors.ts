// What can go wrong in the daemon, as a table: code, kind, whether a retry can help, and what to do about it.
import type { ErrorInfo } from '@holdfast/protocol'

interface Entry {
  readonly kind: ErrorInfo['kind']
  readonly retryable: boolean
  readonly hint: string
}

export const daemonErrors = {
  fenced: {
    kind: 'unavailable',
    retryable: true,
    hint: 'A newer daemon has taken over; connect again to reach it.',
  },
  'store-full': {
    kind: 'unavailable',
    retryable: true,
    hint: 'Free some space on the disk that holds the state folder; nothing that was accepted is lost.',
  },
  'store-failed': {
    kind: 'unavailable',
    retryable: true,
    hint: 'Look at the disk that holds the state folder, then `holdfast restart`.',
  },
  'store-closed': { kind: 'unavailable', retryable: true, hint: 'The daemon is leaving; connect to the next one.' },
  'store-too-new': {
    kind: 'incompatible',
    retryable: false,
    hint: 'The state was written by a newer holdfast; install that version again, or set HOLDFAST_HOME to another folder.',
  },
  draining: { kind: 'unavailable', retryable: true, hint: 'The daemon is leaving; connect to the next one.' },
  'keeper-failed': { kind: 'unavailable', retryable: true, hint: 'See `holdfast logs keeper`.' },
  'config-invalid': { kind: 'usage', retryable: false, hint: 'Correct the file, then `holdfast config check`.' },
  'project-missing': { kind: 'missing', retryable: false, hint: 'Give an existing folder with --project.' },
} as const satisfies Record<string, Entry>

export type DaemonErrorCode = keyof typeof daemonErrors

/** An error of the daemon; what goes over the wire is its code, kind, message, hint and whether a retry can help. */
export class DaemonError extends Error {
  readonly code: DaemonErrorCode
  readonly kind: ErrorInfo['kind']
  readonly retryable: boolean
  readonly hint: string

  constructor(code: DaemonErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'DaemonError'
    this.code = code
    this.kind = daemonErrors[code].kind
    this.retryable = daemonErrors[code].retryable
    this.hint = options.hint ?? daemonErrors[code].hint
  }
}
