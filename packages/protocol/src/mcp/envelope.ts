// What a router must know of an MCP message: its kind, id, method and tokens, and where in the bytes they stand. The rest is
// never decoded: bytes are put back together around the ids, so that what a server wrote is what a host reads.
import { isUtf8 } from 'node:buffer'
import { membersOf, type Span } from './json-scan.ts'

export interface Envelope {
  readonly kind: 'request' | 'notification' | 'response'
  /** The id as it is written (`1`, `"1"`); null for a notification, `null` for an error without one. */
  readonly id: string | null
  readonly idSpan: Span | null
  readonly method: string | null
  readonly params: Span | null
  /** Of a request: params._meta.progressToken. Of notifications/progress: params.progressToken. */
  readonly token: Span | null
  /** Of notifications/cancelled: params.requestId. */
  readonly requestId: Span | null
  readonly result: Span | null
  readonly isError: boolean
}

const tracked = new Set(['id', 'method', 'params', 'result', 'error'])

/** Reads the frame of a message; null when it is not one JSON object in UTF-8 that JSON-RPC could mean. */
export function readEnvelope(line: Buffer): Envelope | null {
  const top = isUtf8(line) ? membersOf(line, { start: 0, end: line.length }) : null
  if (top === null) return null
  const found = new Map<string, Span>()
  for (const { key, value } of top) {
    if (!tracked.has(key)) continue
    // Two readers could take different ones.
    if (found.has(key)) return null
    found.set(key, value)
  }
  const idSpan = found.get('id') ?? null
  const id = idSpan === null ? null : textOf(line, idSpan)
  if (id !== null && !/^["\d-]|^null$/.test(id)) return null
  const methodSpan = found.get('method')
  if (methodSpan === undefined) return response(found, id, idSpan)
  const method: unknown = JSON.parse(textOf(line, methodSpan))
  if (typeof method !== 'string' || id === 'null') return null
  const params = found.get('params') ?? null
  const kind = id === null ? 'notification' : 'request'
  return { kind, id, idSpan, method, params, result: null, isError: false, ...tokensOf(line, { kind, method, params }) }
}

function response(found: Map<string, Span>, id: string | null, idSpan: Span | null): Envelope | null {
  const result = found.get('result') ?? null
  const isError = found.has('error')
  if (id === null || (result === null) === !isError) return null
  return { kind: 'response', id, idSpan, method: null, params: null, token: null, requestId: null, result, isError }
}

type Tokens = Pick<Envelope, 'token' | 'requestId'>

function tokensOf(line: Buffer, message: Pick<Envelope, 'kind' | 'method' | 'params'>): Tokens {
  if (message.params === null) return { token: null, requestId: null }
  if (message.kind === 'request') {
    const meta = member(line, message.params, '_meta')
    return { token: meta === null ? null : member(line, meta, 'progressToken'), requestId: null }
  }
  if (message.method === 'notifications/progress') {
    return { token: member(line, message.params, 'progressToken'), requestId: null }
  }
  if (message.method === 'notifications/cancelled') {
    return { token: null, requestId: member(line, message.params, 'requestId') }
  }
  return { token: null, requestId: null }
}

/** The value of a member of the object in `span`, or null. */
export function member(line: Buffer, span: Span, key: string): Span | null {
  return membersOf(line, span)?.findLast((each) => each.key === key)?.value ?? null
}

export function textOf(line: Buffer, span: Span): string {
  return line.toString('utf8', span.start, span.end)
}

/** The value in `span`, decoded. Only of spans that came from here. */
export function valueOf(line: Buffer, span: Span): unknown {
  return JSON.parse(textOf(line, span))
}

export interface Edit {
  readonly span: Span
  readonly text: string
}

/** The line with other text at some spans. */
export function splice(line: Buffer, edits: readonly Edit[]): Buffer {
  const inOrder = edits.toSorted((a, b) => a.span.start - b.span.start)
  const parts: Uint8Array[] = []
  let at = 0
  for (const { span, text } of inOrder) {
    parts.push(line.subarray(at, span.start), Buffer.from(text))
    at = span.end
  }
  parts.push(line.subarray(at))
  return Buffer.concat(parts)
}
