// What can go wrong between two processes, as a table, and the error class that carries it. On the wire an error is
// {code, kind, message, hint, retryable}; codes that this table does not know pass through unchanged.
import * as v from 'valibot'
import { ErrorInfo } from './contract/words.ts'

export type ErrorKind = ErrorInfo['kind']

/** The exit code of a command that fails with an error of this kind. */
export const exitCodes: Readonly<Record<ErrorKind, number>> = {
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

interface Row {
  readonly kind: ErrorKind
  readonly retryable: boolean
  readonly hint?: string
  /** The number that JSON-RPC wants; -32000 where the standard has none. */
  readonly rpc: number
}

/** The errors of the protocol itself. */
export const protocolErrors = {
  'bad-message': { kind: 'internal', retryable: false, rpc: -32700, hint: 'One frame is one JSON-RPC 2.0 message.' },
  'bad-request': { kind: 'internal', retryable: false, rpc: -32600, hint: 'One frame is one JSON-RPC 2.0 message.' },
  'unknown-method': {
    kind: 'incompatible',
    retryable: false,
    rpc: -32601,
    hint: 'The two sides have different versions; `holdfast restart` brings them together.',
  },
  'bad-params': { kind: 'usage', retryable: false, rpc: -32602 },
  'bad-result': {
    kind: 'incompatible',
    retryable: false,
    rpc: -32603,
    hint: 'The two sides have different versions; `holdfast restart` brings them together.',
  },
  'too-large': { kind: 'usage', retryable: false, rpc: -32001, hint: 'Send less at once, or name a file instead.' },
  overloaded: { kind: 'unavailable', retryable: true, rpc: -32002, hint: 'Wait for earlier requests, then try again.' },
  cancelled: { kind: 'failed', retryable: false, rpc: -32800 },
  timeout: { kind: 'timeout', retryable: true, rpc: -32003, hint: 'Allow more time with --timeout.' },
  'connection-lost': { kind: 'unavailable', retryable: true, rpc: -32004 },
  draining: { kind: 'unavailable', retryable: true, rpc: -32005, hint: 'The next daemon takes it.' },
  'daemon-unavailable': {
    kind: 'unavailable',
    retryable: true,
    rpc: -32006,
    hint: '`holdfast doctor` says why no daemon answers.',
  },
  internal: { kind: 'internal', retryable: false, rpc: -32603, hint: '`holdfast logs daemon` has the details.' },
} as const satisfies Record<string, Row>

export type ProtocolErrorCode = keyof typeof protocolErrors

const OTHER_RPC_CODE = -32000
const brand = Symbol.for('holdfast.wire-error')

export interface WireErrorOptions extends ErrorOptions {
  /** Only of `connection-lost`, `timeout` and `cancelled`: whether the other side may have got the request. */
  readonly handedOver?: boolean
}

/** An error that can go over the wire and come back as itself. */
export class WireError extends Error {
  override readonly name = 'WireError'
  readonly [brand] = true
  readonly code: string
  readonly kind: ErrorKind
  readonly retryable: boolean
  readonly hint: string | undefined
  /** False: the request was never given to the connection, so it can be sent again without being done twice. */
  readonly handedOver: boolean

  constructor(info: ErrorInfo, options: WireErrorOptions = {}) {
    super(info.message, options)
    this.code = info.code
    this.kind = info.kind
    this.retryable = info.retryable ?? false
    this.hint = info.hint
    this.handedOver = options.handedOver ?? true
  }

  get exitCode(): number {
    return exitCodes[this.kind]
  }

  toInfo(): ErrorInfo {
    const { code, kind, message, hint, retryable } = this
    return { code, kind, message, retryable, ...(hint === undefined ? {} : { hint }) }
  }
}

export function isWireError(error: unknown): error is WireError {
  return error instanceof Error && brand in error
}

/** An error of the table, with its own message. */
export function protocolError(code: ProtocolErrorCode, message: string, options: WireErrorOptions = {}): WireError {
  const row: Row = protocolErrors[code]
  const hint = row.hint === undefined ? {} : { hint: row.hint }
  return new WireError({ code, kind: row.kind, message, retryable: row.retryable, ...hint }, options)
}

/** Any thrown value as something the wire can carry. What has no code and kind of its own is `internal`. */
export function toWireError(error: unknown): WireError {
  if (isWireError(error)) return error
  if (error instanceof Error) {
    const info = v.safeParse(ErrorInfo, error)
    if (info.success) return new WireError(info.output, { cause: error })
  }
  const message = error instanceof Error ? error.message : String(error)
  return protocolError('internal', message, { cause: error })
}

/** The `error` member of a JSON-RPC response. */
export function toRpcError(error: WireError): { code: number; message: string; data: Omit<ErrorInfo, 'message'> } {
  const { message, ...data } = error.toInfo()
  return { code: isProtocolCode(error.code) ? protocolErrors[error.code].rpc : OTHER_RPC_CODE, message, data }
}

const RpcError = v.object({ code: v.number(), message: v.string(), data: v.optional(v.unknown()) })

/** Reads the `error` member of a JSON-RPC response, whoever wrote it. */
export function fromRpcError(value: unknown): WireError {
  const rpc = v.safeParse(RpcError, value)
  if (!rpc.success)
    return protocolError('bad-message', 'the other side answered with an error that has no code or message')
  const { code, message, data } = rpc.output
  const info = v.safeParse(ErrorInfo, typeof data === 'object' && data !== null ? { ...data, message } : undefined)
  if (info.success) return new WireError(info.output)
  return new WireError({ code: `rpc${code}`, kind: 'failed', message, retryable: false })
}

function isProtocolCode(code: string): code is ProtocolErrorCode {
  return Object.hasOwn(protocolErrors, code)
}
