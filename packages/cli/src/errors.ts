// What the command line itself can refuse, as a table, and how any error becomes what the user sees: the thing, the value
// and the fix. Only `internal` shows a stack.
import type { ErrorInfo } from '@holdfast/protocol'

export type Kind = ErrorInfo['kind']

/** Exit codes by kind of error, as docs/reference/errors.md lists them. */
export const exitCodes: Readonly<Record<Kind, number>> = {
  failed: 1,
  usage: 2,
  missing: 3,
  unavailable: 4,
  denied: 4,
  incompatible: 5,
  conflict: 6,
  timeout: 7,
  internal: 70,
}
export const interruptedExitCode = 130

interface ErrorRow {
  readonly kind: Kind
  readonly meaning: string
  readonly fix: string
}

export const cliErrors = {
  'unknown-command': {
    kind: 'usage',
    meaning: 'There is no command of that name.',
    fix: '`holdfast help` lists the commands.',
  },
  'unknown-flag': {
    kind: 'usage',
    meaning: 'The command has no flag of that name.',
    fix: '`holdfast COMMAND --help` lists its flags.',
  },
  'bad-value': {
    kind: 'usage',
    meaning: 'A flag or argument was given a value that it cannot take.',
    fix: 'Give a value of the shape that the message names.',
  },
  'missing-argument': {
    kind: 'usage',
    meaning: 'The command needs an argument that was not given.',
    fix: '`holdfast COMMAND --help` shows what it takes.',
  },
  'extra-argument': {
    kind: 'usage',
    meaning: 'More arguments were given than the command takes.',
    fix: 'Quote text that belongs together; `holdfast COMMAND --help` shows what it takes.',
  },
  'bad-input': {
    kind: 'usage',
    meaning: 'Standard input or a file holds something that cannot be sent (a NUL byte, or bytes that are not UTF-8).',
    fix: 'Send text in UTF-8.',
  },
  'file-missing': {
    kind: 'missing',
    meaning: 'A file or folder that was named does not exist, or cannot be read.',
    fix: 'Check the path and its permissions.',
  },
  'daemon-absent': {
    kind: 'unavailable',
    meaning: 'No daemon is running, and this command does not start one.',
    fix: '`holdfast up` starts it.',
  },
  'daemon-unavailable': {
    kind: 'unavailable',
    meaning: 'The daemon could not be reached or started.',
    fix: 'The message says why; `holdfast logs daemon` shows the last lines of its log.',
  },
  'daemon-hung': {
    kind: 'unavailable',
    meaning: 'The daemon does not answer, and it could not be proved that the process may be ended.',
    fix: '`holdfast down --force` ends it once its identity is proved.',
  },
  'owned-by-other': {
    kind: 'conflict',
    meaning: 'The daemon belongs to another owner, which is alive.',
    fix: 'Quit that owner, or take the daemon over deliberately with --force-rebind.',
  },
  'ask-failed': {
    kind: 'failed',
    meaning: 'The ask ended without an answer: it failed, was cancelled, expired, or its outcome is unknown.',
    fix: 'The message has the reason; `holdfast ask-status ID` shows the ask.',
  },
  'no-answer-yet': {
    kind: 'conflict',
    meaning: 'The ask is not final, so it has no answer yet.',
    fix: '`holdfast wait ID` waits for it.',
  },
  survivors: {
    kind: 'failed',
    meaning: 'Some processes outlived every attempt to end them.',
    fix: 'The message lists them by process id; end them by hand, or see `holdfast sweep`.',
  },
  'no-such-tool': {
    kind: 'missing',
    meaning: 'The MCP server has no tool of that name.',
    fix: '`holdfast mcp list SERVER` shows its tools.',
  },
  'mcp-failed': {
    kind: 'failed',
    meaning: 'An MCP server could not be used, or answered a call with an error.',
    fix: '`holdfast mcp list SERVER` shows how the server is; `holdfast logs` has what it wrote.',
  },
  'config-problems': {
    kind: 'failed',
    meaning: 'A config file has problems.',
    fix: 'Each is listed with its file, line and fix.',
  },
  'tour-failed': {
    kind: 'failed',
    meaning: 'A step of the tour did not do what it should.',
    fix: 'The message says which and why; `holdfast doctor` looks for the cause.',
  },
  'timed-out': {
    kind: 'timeout',
    meaning: 'The time given by --timeout was over first.',
    fix: 'Give more time with --timeout, or leave it out.',
  },
  'machine-exhausted': {
    kind: 'unavailable',
    meaning: 'The machine has no descriptor, space, memory or process left for the command.',
    fix: 'Close what holds them, or raise the limit (`ulimit -n`), then try again; nothing was lost.',
  },
  internal: {
    kind: 'internal',
    meaning: 'A bug of Holdfast.',
    fix: 'Please report it with the stack that is shown.',
  },
} as const satisfies Record<string, ErrorRow>

export type CliErrorCode = keyof typeof cliErrors

/** An error that the command line raises itself. The message names the thing and the value; the hint is the fix. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: CliErrorCode
  readonly kind: Kind
  readonly hint: string
  /** The same command again would end the same way. */
  readonly retryable = false

  constructor(code: CliErrorCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.kind = cliErrors[code].kind
    this.hint = hint ?? cliErrors[code].fix
  }
}

/** Thrown when the user, or the process that ran us, has had enough. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** What is shown: in text, or as `{"error": …}` with --json. */
export interface Problem extends ErrorInfo {
  readonly exitCode: number
  /** The end of a log that shows the cause. */
  readonly evidence?: string
  readonly stack?: string
}

function text(error: object, key: string): string | undefined {
  const value: unknown = Reflect.get(error, key)
  return typeof value === 'string' && value !== '' ? value : undefined
}

const exhausted: readonly (string | undefined)[] = ['EMFILE', 'ENFILE', 'ENOSPC', 'EDQUOT', 'ENOMEM', 'EAGAIN']

/** Errors of every package carry `code` and `kind`; anything else is a bug of ours. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Interrupted) {
    return { code: 'interrupted', kind: 'failed', message: 'interrupted', exitCode: interruptedExitCode }
  }
  if (!(error instanceof Error)) return { code: 'internal', kind: 'internal', message: String(error), exitCode: 70 }
  const kind = text(error, 'kind')
  const code = text(error, 'code')
  if (kind === undefined && exhausted.includes(code)) return problemOf(exhaustion(error))
  if (code === undefined || kind === undefined || !Object.hasOwn(exitCodes, kind)) {
    const stack = error.stack === undefined ? {} : { stack: error.stack }
    return { code: 'internal', kind: 'internal', message: error.message, exitCode: 70, ...stack }
  }
  const known = kind as Kind
  const exitCode: unknown = Reflect.get(error, 'exitCode')
  const hint = text(error, 'hint')
  const evidence = text(error, 'evidence') ?? (error.cause instanceof Error ? text(error.cause, 'evidence') : undefined)
  const retryable: unknown = Reflect.get(error, 'retryable')
  return {
    code,
    kind: known,
    message: error.message,
    exitCode: typeof exitCode === 'number' ? exitCode : exitCodes[known],
    ...(hint === undefined ? {} : { hint }),
    ...(evidence === undefined ? {} : { evidence }),
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    ...(known === 'internal' && error.stack !== undefined ? { stack: error.stack } : {}),
  }
}

function exhaustion(error: Error): CliError {
  return new CliError('machine-exhausted', error.message, undefined, { cause: error })
}
