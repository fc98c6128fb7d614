// JSON-RPC 2.0 messages: what one line means, and how one is written. Reads anything, trusts nothing.
import type { MessageId } from './frame/message-id.ts'
import { fromRpcError, toRpcError, type WireError } from './wire-error.ts'

export type Message =
  | { readonly kind: 'request'; readonly id: MessageId; readonly method: string; readonly params: unknown }
  | { readonly kind: 'notice'; readonly method: string; readonly params: unknown }
  | { readonly kind: 'result'; readonly id: MessageId; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: MessageId | null; readonly error: WireError }
  | {
      readonly kind: 'bad'
      readonly code: 'bad-message' | 'bad-request'
      readonly id: MessageId | null
      readonly why: string
    }

export function parseMessage(bytes: Buffer): Message {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    return { kind: 'bad', code: 'bad-message', id: null, why: `it is not JSON: ${String(error)}` }
  }
  return readMessage(value)
}

function readMessage(value: unknown): Message {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad(null, 'it is not an object')
  const { jsonrpc, id, method, params, result, error } = value as Record<string, unknown>
  const hasId = typeof id === 'string' || typeof id === 'number'
  if (jsonrpc !== '2.0') return bad(hasId ? id : null, '"jsonrpc" is not "2.0"')
  if (typeof method === 'string') {
    if (hasId) return { kind: 'request', id, method, params }
    if (id === undefined) return { kind: 'notice', method, params }
    return bad(null, '"id" is neither a string nor a number')
  }
  if (method !== undefined) return bad(hasId ? id : null, '"method" is not a string')
  if (error !== undefined) return { kind: 'error', id: hasId ? id : null, error: fromRpcError(error) }
  if (!hasId) return bad(null, 'it has neither a method nor an id')
  if (result === undefined) return bad(id, 'it has neither "method", "result" nor "error"')
  return { kind: 'result', id, result }
}

function bad(id: MessageId | null, why: string): Message {
  return { kind: 'bad', code: 'bad-request', id, why }
}

export function formatRequest(id: MessageId, method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params })
}

export function formatNotice(method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params })
}

export function formatResult(id: MessageId, result: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result: result ?? null })
}

export function formatError(id: MessageId | null, error: WireError): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: toRpcError(error) })
}
