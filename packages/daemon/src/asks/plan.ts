// What changes of asks mean for their records and for the store. Pure: the caller commits the operations, then takes the
// outcomes over. An event that the table gives no meaning changes nothing.
import type { Op } from '../store/api.ts'
import type { OpenAsk, Piece } from './open-ask.ts'
import { buckets, moveOps, pieceKey, replyOps, type AskRecord } from './record.ts'
import { isFinal, nextState, type AskEvent } from './transition.ts'

export type AskChange =
  | { readonly kind: 'start' | 'requeue'; readonly ask: string }
  | { readonly kind: 'text'; readonly ask: string; readonly text: string }
  | {
      readonly kind: 'settle'
      readonly ask: string
      readonly event: Exclude<AskEvent, 'start' | 'requeue'>
      readonly reason: string | null
      readonly certainty: AskRecord['certainty']
    }

export interface AskOutcome {
  readonly open: OpenAsk
  readonly record: AskRecord
  readonly piece: Piece | null
  readonly isCut: boolean
}

interface Draft {
  record: AskRecord
  text: string
  isCut: boolean
}

const cutReason = 'the answer was too long; its end is left out'

function settled(draft: Draft, change: Extract<AskChange, { kind: 'settle' }>, isCut: boolean): Partial<AskRecord> {
  if (!isCut) return { reason: change.reason, certainty: change.certainty }
  const reason = change.reason === null ? cutReason : `${change.reason}; ${cutReason}`
  return { reason, certainty: change.event === 'finish' ? 'degraded' : change.certainty }
}

function apply(open: OpenAsk, draft: Draft, change: AskChange, now: string): void {
  if (change.kind === 'text') {
    if (draft.record.state !== 'running') return
    const room = open.fit(change.text, open.length + draft.text.length)
    draft.text += room
    draft.isCut ||= room.length < change.text.length
    return
  }
  const state = nextState(draft.record.state, change.kind === 'settle' ? change.event : change.kind)
  if (state === null) return
  const fields = change.kind === 'settle' ? settled(draft, change, draft.isCut || open.isCut) : {}
  const startedAt = change.kind === 'start' ? now : change.kind === 'requeue' ? null : draft.record.startedAt
  draft.record = { ...draft.record, ...fields, state, startedAt, endedAt: isFinal(state) ? now : null }
}

function opsOf(open: OpenAsk, draft: Draft): Op[] {
  const before = open.record
  const moved = draft.record.state === before.state ? [] : moveOps(before, draft.record)
  if (isFinal(draft.record.state)) {
    return [...moved, ...replyOps(before.id, open.text() + draft.text, open.offsets)]
  }
  if (draft.text === '') return moved
  const key = pieceKey(before.id, open.length)
  return [...moved, { op: 'put', bucket: buckets.piece, key, value: { text: draft.text } }]
}

export function planChanges(
  changes: readonly AskChange[],
  find: (id: string) => OpenAsk | undefined,
  now: string,
): { ops: Op[]; outcomes: AskOutcome[] } {
  const drafts = new Map<OpenAsk, Draft>()
  for (const change of changes) {
    const open = find(change.ask)
    if (open === undefined) continue
    const draft = drafts.get(open) ?? { record: open.record, text: '', isCut: false }
    drafts.set(open, draft)
    apply(open, draft, change, now)
  }
  const outcomes = [...drafts].map(([open, draft]): AskOutcome => {
    const piece = draft.text === '' ? null : { offset: open.length, text: draft.text }
    return { open, record: draft.record, piece, isCut: draft.isCut }
  })
  return { ops: [...drafts].flatMap(([open, draft]) => opsOf(open, draft)), outcomes }
}
