// What one step of a session gives: the next record, what became of asks, and what is worth an event. Also the few changes
// of the record that several inputs share. Pure.
import type { Link, SessionRecord } from './record.ts'

type AskEvent = 'finish' | 'fail' | 'cancel' | 'expire' | 'lose'

type Certainty = 'exact' | 'observed' | 'degraded'

export type AskChange =
  | { readonly kind: 'start'; readonly ask: string }
  /** Proved: no frame of it was taken. */
  | { readonly kind: 'requeue'; readonly ask: string }
  | { readonly kind: 'text'; readonly ask: string; readonly text: string }
  | {
      readonly kind: 'settle'
      readonly ask: string
      readonly event: AskEvent
      readonly reason: string | null
      readonly certainty: Certainty | null
    }

export interface Note {
  readonly type: string
  readonly data: Record<string, unknown>
}

export interface Step {
  readonly record: SessionRecord
  readonly changes: readonly AskChange[]
  readonly notes: readonly Note[]
}

export function stay(record: SessionRecord): Step {
  return { record, changes: [], notes: [] }
}

export function withLink(record: SessionRecord, fields: Partial<Link>): SessionRecord {
  return record.link === null ? record : { ...record, link: { ...record.link, ...fields } }
}

export interface Outcome {
  readonly event: AskEvent
  readonly reason: string | null
  readonly certainty: Certainty | null
}

/** The open turn ends; a turn that was being stopped ends as what it was stopped for, whatever the agent says. */
export function endTurn(record: SessionRecord, outcome: Outcome): Step {
  const turn = record.link?.turn ?? null
  if (turn === null) return stay(record)
  const { stop } = turn
  const final: Outcome =
    stop === null || outcome.event === 'lose'
      ? outcome
      : { event: stop.as === 'cancelled' ? 'cancel' : 'expire', reason: stop.reason, certainty: null }
  return { record: withLink(record, { turn: null }), changes: [{ kind: 'settle', ask: turn.ask, ...final }], notes: [] }
}

/** The agent could not be brought to the point where it takes prompts: whoever waits for it is told. */
export function failWaiting(record: SessionRecord, waiting: readonly string[], reason: string): Step {
  const settle = (ask: string): AskChange => ({ kind: 'settle', ask, event: 'fail', reason, certainty: null })
  return {
    record,
    changes: waiting.map(settle),
    notes: [{ type: 'session.failed', data: { agent: record.agent, project: record.project, reason } }],
  }
}
