// What a host's message becomes at its server: a request with an id and a token that carry the way back; a cancellation of
// that id; an answer to the server's own question. Pure: the caller sends what comes out.
import { type Edit, type Envelope, splice, textOf } from '@holdfast/protocol'
import { upstreamTag } from './upstream-id.ts'

export function requestFrame(downstream: string, line: Buffer, envelope: Envelope): Buffer {
  const edits: Edit[] = []
  const { id, idSpan, token } = envelope
  if (id !== null && idSpan !== null) edits.push({ span: idSpan, text: JSON.stringify(upstreamTag(downstream, id)) })
  if (token !== null) {
    edits.push({ span: token, text: JSON.stringify(upstreamTag(downstream, textOf(line, token))) })
  }
  return splice(line, edits)
}

export function cancelFrame(downstream: string, line: Buffer, requestId: NonNullable<Envelope['requestId']>): Buffer {
  const text = JSON.stringify(upstreamTag(downstream, textOf(line, requestId)))
  return splice(line, [{ span: requestId, text }])
}

/** The daemon's own word that nobody waits any more. */
export function giveUpFrame(tag: string, reason: string): Buffer {
  return Buffer.from(
    JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: tag, reason } }),
  )
}

export interface HostAnswer {
  readonly childId: string
  /** JSON text of the server's id. */
  readonly original: string
  readonly frame: Buffer
}

/** An answer to a question of a server; null when it is no answer to any. */
export function answerFrame(line: Buffer, envelope: Envelope): HostAnswer | null {
  if (envelope.id === null || envelope.idSpan === null || !envelope.id.startsWith('"')) return null
  const tag: unknown = JSON.parse(envelope.id)
  const bar = typeof tag === 'string' ? tag.indexOf('|') : -1
  if (typeof tag !== 'string' || bar <= 0) return null
  const original = tag.slice(bar + 1)
  return { childId: tag.slice(0, bar), original, frame: splice(line, [{ span: envelope.idSpan, text: original }]) }
}
