// Small things about the messages of hosts that several files need.
import { type Envelope, readEnvelope, valueOf } from '@holdfast/protocol'
import type { Call, Downstream } from './downstream.ts'
import { readHost } from './negotiate.ts'

export type RequestEnvelope = Envelope & { readonly id: string; readonly method: string }

export function asRequest(envelope: Envelope | null): RequestEnvelope | null {
  if (envelope?.kind !== 'request' || envelope.id === null || envelope.method === null) return null
  return { ...envelope, id: envelope.id, method: envelope.method }
}

/** The keeper answered that it did not take the frame. */
export function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'input-full' || code === 'frame-too-large' || code === 'unknown-child'
}

export function noteHost(to: Downstream, line: Buffer): void {
  const envelope = readEnvelope(line)
  if (envelope?.method !== 'initialize' || envelope.params === null) return
  to.host = readHost(valueOf(line, envelope.params))
  to.hasSaidHello = true
}

export function resultFrame(id: string, result: unknown): Buffer {
  return Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`)
}

export function toolOf(call: Call): string | null {
  const params = call.envelope.params === null ? null : valueOf(call.line, call.envelope.params)
  if (params === null || typeof params !== 'object' || !('name' in params)) return null
  return typeof params.name === 'string' ? params.name : null
}
