// How an ask lies in the store: its record, its prompt and its text apart (records change often, prompts are large), and the
// indexes that listings read instead of the asks.
import { AskState, type Ask } from '@holdfast/protocol'
import { digest } from '../digest.ts'
import * as v from 'valibot'
import type { Op } from '../store/api.ts'
import { DeadlineRecord } from './deadline.ts'

export const buckets = {
  ask: 'ask',
  prompt: 'ask.prompt',
  /** Pieces while an ask runs: `<id>/<offset>`. */
  piece: 'ask.piece',
  /** The whole text once it is final. */
  reply: 'ask.reply',
  /** `<state>/<id>` */
  byState: 'ask.by-state',
  /** `<hash of project>/<state>/<id>` */
  byProject: 'ask.by-project',
  /** `<hash of project and key>` */
  dedupe: 'ask.dedupe',
} as const

export const AskRecord = v.object({
  id: v.string(),
  agent: v.string(),
  /** The session's name; with project and agent it says which session. */
  session: v.string(),
  sessionId: v.string(),
  project: v.string(),
  state: AskState,
  certainty: v.nullable(v.picklist(['exact', 'observed', 'degraded'])),
  reason: v.nullable(v.string()),
  cancelOnExit: v.boolean(),
  dedupe: v.string(),
  promptHash: v.string(),
  acceptedAt: v.string(),
  startedAt: v.nullable(v.string()),
  endedAt: v.nullable(v.string()),
  deadline: v.nullable(DeadlineRecord),
})
export type AskRecord = v.InferOutput<typeof AskRecord>

export const PromptRecord = v.object({ text: v.string() })
export const TextRecord = v.object({ text: v.string() })
export const DedupeRecord = v.object({ id: v.string() })

export function hashOf(...parts: readonly string[]): string {
  return digest(parts.join('\0'), 32)
}

export function pieceKey(id: string, offset: number): string {
  return `${id}/${String(offset).padStart(12, '0')}`
}

export function projectPrefix(project: string, state: AskState): string {
  return `${hashOf(project)}/${state}/`
}

function indexKeys(record: AskRecord): { byState: string; byProject: string } {
  return {
    byState: `${record.state}/${record.id}`,
    byProject: `${projectPrefix(record.project, record.state)}${record.id}`,
  }
}

function putIndexes(record: AskRecord): Op[] {
  const keys = indexKeys(record)
  return [
    { op: 'put', bucket: buckets.byState, key: keys.byState, value: 1 },
    { op: 'put', bucket: buckets.byProject, key: keys.byProject, value: 1 },
  ]
}

function deleteIndexes(record: AskRecord): Op[] {
  const keys = indexKeys(record)
  return [
    { op: 'delete', bucket: buckets.byState, key: keys.byState },
    { op: 'delete', bucket: buckets.byProject, key: keys.byProject },
  ]
}

function eventData(record: AskRecord): Record<string, unknown> {
  const { agent, session, project, reason } = record
  return { agent, session, project, ...(reason === null ? {} : { reason }) }
}

/** The first two operations fail when the id or the key is known already, in that order. */
export function acceptOps(record: AskRecord, prompt: string): Op[] {
  return [
    { op: 'put', bucket: buckets.ask, key: record.id, value: record, expect: 0 },
    { op: 'put', bucket: buckets.dedupe, key: record.dedupe, value: { id: record.id }, expect: 0 },
    { op: 'put', bucket: buckets.prompt, key: record.id, value: { text: prompt }, expect: 0 },
    ...putIndexes(record),
    { op: 'event', type: 'ask.queued', subject: record.id, data: eventData(record) },
  ]
}

/** `before` and `after` differ in their state. */
export function moveOps(before: AskRecord, after: AskRecord): Op[] {
  return [
    { op: 'put', bucket: buckets.ask, key: after.id, value: after },
    ...deleteIndexes(before),
    ...putIndexes(after),
    { op: 'event', type: `ask.${after.state}`, subject: after.id, data: eventData(after) },
  ]
}

/** The text of a final ask becomes one record; its pieces go. */
export function replyOps(id: string, text: string, pieceOffsets: readonly number[]): Op[] {
  return [
    { op: 'put', bucket: buckets.reply, key: id, value: { text } },
    ...pieceOffsets.map((offset): Op => ({ op: 'delete', bucket: buckets.piece, key: pieceKey(id, offset) })),
  ]
}

export function forgetOps(record: AskRecord): Op[] {
  return [
    { op: 'delete', bucket: buckets.ask, key: record.id },
    { op: 'delete', bucket: buckets.prompt, key: record.id },
    { op: 'delete', bucket: buckets.reply, key: record.id },
    { op: 'delete', bucket: buckets.dedupe, key: record.dedupe },
    ...deleteIndexes(record),
  ]
}

export interface AskView {
  readonly reply: string | null
  readonly position: number | null
  readonly prompt?: string
}

export function toAsk(record: AskRecord, view: AskView): Ask {
  const { id, agent, session, project, state, certainty, reason, acceptedAt, startedAt, endedAt, deadline } = record
  const timings = { acceptedAt, startedAt, endedAt, deadlineAt: deadline?.expectedAt ?? null }
  return { id, agent, session, project, state, certainty, reason, timings, ...view }
}
