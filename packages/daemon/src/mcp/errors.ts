// What can go wrong with an MCP server, as a table; and how it is said to a host, in a JSON-RPC error.
import type { ErrorInfo } from '@holdfast/protocol'

interface Entry {
  readonly kind: ErrorInfo['kind']
  readonly retryable: boolean
  readonly hint: string
}

export const mcpErrors = {
  'mcp-unknown-server': {
    kind: 'missing',
    retryable: false,
    hint: 'Add it under "mcpServers" in holdfast.json, or see `holdfast mcp list`.',
  },
  'mcp-server-disabled': { kind: 'unavailable', retryable: false, hint: 'Take "disabled": true out of its entry.' },
  'mcp-server-not-stdio': {
    kind: 'incompatible',
    retryable: false,
    hint: 'Only servers with a "command" can be used so far.',
  },
  'mcp-start-failed': {
    kind: 'failed',
    retryable: false,
    hint: '`holdfast logs SERVER` has what it wrote, while it runs; run its command by hand to see more.',
  },
  'mcp-start-timeout': {
    kind: 'timeout',
    retryable: true,
    hint: 'It has to answer `initialize` on its standard output; run its command by hand to see what it does.',
  },
  'mcp-crash-looping': {
    kind: 'unavailable',
    retryable: true,
    hint: 'Correct the server, then `holdfast mcp restart` starts it at once.',
  },
  'mcp-server-died': { kind: 'failed', retryable: false, hint: 'Check what the call did before it is made again.' },
  'mcp-unknowable': { kind: 'failed', retryable: false, hint: 'Check what the call did before it is made again.' },
  'mcp-timeout': { kind: 'timeout', retryable: true, hint: 'Allow more time with --timeout.' },
  'mcp-not-delivered': { kind: 'unavailable', retryable: true, hint: 'The call has not run; it can be made again.' },
  'mcp-bad-downstream': { kind: 'usage', retryable: false, hint: 'Open with mcp.open before anything is sent.' },
  'mcp-bad-message': { kind: 'usage', retryable: false, hint: 'One line is one JSON-RPC 2.0 message of MCP.' },
} as const satisfies Record<string, Entry>

export type McpErrorCode = keyof typeof mcpErrors

export class McpError extends Error {
  override readonly name = 'McpError'
  readonly code: McpErrorCode
  readonly kind: ErrorInfo['kind']
  readonly retryable: boolean
  readonly hint: string

  constructor(code: McpErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.kind = mcpErrors[code].kind
    this.retryable = mcpErrors[code].retryable
    this.hint = options.hint ?? mcpErrors[code].hint
  }
}

/** JSON-RPC's own numbers, where they fit. */
export const RPC = { invalid: -32600, unknownMethod: -32601, failed: -32000 } as const

export interface ErrorFrame {
  /** JSON text of the id. */
  readonly id: string
  readonly code: number
  readonly message: string
  readonly data?: Readonly<Record<string, unknown>>
}

export function errorFrame({ id, code, message, data }: ErrorFrame): Buffer {
  return Buffer.from(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message, data })}}`)
}

/** `mayHaveRun`: whether the server can have done what was asked. */
export function failureFrame(id: string, error: unknown, mayHaveRun: boolean): Buffer {
  const { code, message, hint, retryable } = describe(error)
  return errorFrame({ id, code: RPC.failed, message, data: { holdfast: { code, mayHaveRun, retryable, hint } } })
}

interface Described {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly retryable: boolean
}

function describe(error: unknown): Described {
  if (!(error instanceof Error)) return { code: 'internal', message: String(error), retryable: false }
  const own = error as Error & Partial<Record<'code' | 'hint' | 'retryable', unknown>>
  return {
    code: typeof own.code === 'string' ? own.code : 'internal',
    message: error.message,
    retryable: own.retryable === true,
    ...(typeof own.hint === 'string' ? { hint: own.hint } : {}),
  }
}
