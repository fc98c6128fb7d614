// What can go wrong between a daemon and its keeper, as a table: code, kind, whether a retry can help, what to do about it.
import type { ErrorInfo } from '@holdfast/protocol'

interface Entry {
  readonly kind: ErrorInfo['kind']
  readonly retryable: boolean
  readonly hint: string
}

export const keeperErrors = {
  'keeper-gone': { kind: 'unavailable', retryable: true, hint: 'Connect again; what the keeper took is in its list.' },
  'keeper-incompatible': {
    kind: 'incompatible',
    retryable: false,
    hint: 'End the old children with `holdfast down --all`; the next start brings a keeper of this version.',
  },
  'keeper-silent': {
    kind: 'unavailable',
    retryable: true,
    hint: 'It holds children and may be stopped or busy; see `holdfast ps` and `holdfast logs keeper`.',
  },
  'start-invalid': { kind: 'usage', retryable: false, hint: 'The keeper is started by the daemon, not by hand.' },
  fenced: { kind: 'conflict', retryable: false, hint: 'A newer daemon commands the keeper; this one must leave.' },
  'unknown-child': { kind: 'missing', retryable: false, hint: 'It was forgotten, or another keeper held it.' },
  'still-running': { kind: 'conflict', retryable: false, hint: 'Terminate the child before forgetting it.' },
  'offset-gone': { kind: 'conflict', retryable: false, hint: 'Attach from the acknowledged offset that `list` shows.' },
  'spawn-failed': { kind: 'failed', retryable: false, hint: 'Correct the command or the folder in the configuration.' },
  'pty-unavailable': {
    kind: 'failed',
    retryable: false,
    hint: 'Install the optional package @lydell/node-pty (no `--omit=optional`), or use pipes.',
  },
  'not-a-terminal': { kind: 'usage', retryable: false, hint: 'Only a child with a terminal has a size.' },
  'frame-too-large': { kind: 'usage', retryable: false, hint: 'Send the input in smaller frames.' },
  'input-full': { kind: 'unavailable', retryable: true, hint: 'The child does not read its input; try again later.' },
  'too-many-children': { kind: 'unavailable', retryable: true, hint: 'End or forget some children first.' },
  leaving: { kind: 'unavailable', retryable: true, hint: 'The keeper is leaving; start the next one.' },
  'bad-message': { kind: 'incompatible', retryable: false, hint: 'The daemon and the keeper do not fit together.' },
  'unknown-request': {
    kind: 'incompatible',
    retryable: false,
    hint: 'The keeper is older than the daemon; `holdfast down --all` and the next start bring a new one.',
  },
  'keeper-bug': { kind: 'internal', retryable: false, hint: 'See `holdfast logs keeper`.' },
} as const satisfies Record<string, Entry>

export type KeeperErrorCode = keyof typeof keeperErrors

/** An error of the keeper, the same on both sides of its socket. */
export class KeeperError extends Error {
  readonly code: KeeperErrorCode
  readonly kind: ErrorInfo['kind']
  readonly retryable: boolean
  readonly hint: string

  constructor(code: KeeperErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'KeeperError'
    this.code = code
    this.kind = keeperErrors[code].kind
    this.retryable = keeperErrors[code].retryable
    this.hint = options.hint ?? keeperErrors[code].hint
  }
}

/** Whether a word that came over the wire is one of our codes. */
export function isKeeperErrorCode(code: string): code is KeeperErrorCode {
  return Object.hasOwn(keeperErrors, code)
}
