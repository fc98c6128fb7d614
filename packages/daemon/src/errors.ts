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
  'start-invalid': { kind: 'usage', retryable: false, hint: 'Start the daemon with `holdfast up`.' },
  draining: { kind: 'unavailable', retryable: true, hint: 'The daemon is leaving; connect to the next one.' },
  'keeper-failed': { kind: 'unavailable', retryable: true, hint: 'See `holdfast logs keeper`.' },
  'keeper-incompatible': {
    kind: 'incompatible',
    retryable: false,
    hint: '`holdfast down --all` ends it and its children; the next start brings a keeper of this version.',
  },
  'ask-unknown': {
    kind: 'missing',
    retryable: false,
    hint: 'See `holdfast asks`; the oldest finished asks are forgotten.',
  },
  'agent-unknown': { kind: 'missing', retryable: false, hint: 'See `holdfast agents`.' },
  'agent-not-ready': { kind: 'unavailable', retryable: false, hint: 'See `holdfast agents`.' },
  'prompt-has-nul': { kind: 'usage', retryable: false, hint: 'Prompts are text; send a file by its name instead.' },
  'prompt-too-large': { kind: 'usage', retryable: false, hint: 'Put the text into a file and name it in the prompt.' },
  'deadline-invalid': { kind: 'usage', retryable: false, hint: 'Give a time above zero, for example --deadline 10m.' },
  'dedupe-mismatch': { kind: 'conflict', retryable: false, hint: 'Choose a new key for a new ask.' },
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
