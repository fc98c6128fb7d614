// How a session goes on: its record and everything that happened since -> the next record, what became of its asks, and events.
// Live output and output that is replayed after a crash take the same way. Pure; session.ts carries the results out.
// Invariants: one turn at a time; a turn is given back to the queue only when its prompt was provably not taken.
import { readAgentLine, type LineInput } from './acp/read.ts'
import type { SessionRecord } from './record.ts'
import { endTurn, failWaiting, stay, withLink, type AskChange, type Note, type Step } from './step.ts'

/** So many processes may go away before taking a prompt until it is given up. */
const missLimit = 2

interface AgentExit {
  readonly code: number | null
  readonly signal: string | null
}

export type SessionInput =
  | ({ readonly kind: 'line' } & LineInput)
  /** A line that is too long: `isOpen` while its end has not been seen. */
  | { readonly kind: 'skipped'; readonly end: number; readonly isOpen: boolean }
  | { readonly kind: 'handed'; readonly tag: string }
  /** Its output ended; `exit` is null when only that was closed. */
  | { readonly kind: 'ended'; readonly exit: AgentExit | null; readonly lastLines: string }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'unstartable'; readonly reason: string }
  | { readonly kind: 'overdue'; readonly what: 'start' | 'stop'; readonly lastLines: string }
  | { readonly kind: 'stop'; readonly ask: string; readonly as: 'cancelled' | 'expired'; readonly reason: string }

/** `child`: which process it is about; what is about an earlier one means nothing any more. */
export type ChildInput = SessionInput & { readonly child?: string }

export interface SessionView {
  readonly waiting: readonly string[]
  /** The daemon is leaving: what runs goes on, nothing is begun. */
  readonly isHolding: boolean
}

function quote(lastLines: string): string {
  return lastLines === '' ? '' : `; its last words on stderr: ${lastLines}`
}

function describeExit(exit: AgentExit | null): string {
  if (exit === null) return 'closed its output'
  if (exit.signal !== null) return `was ended by ${exit.signal}`
  return exit.code === 0 ? 'exited' : `exited with code ${exit.code ?? 'unknown'}`
}

function onEnded(
  record: SessionRecord,
  input: Extract<SessionInput, { kind: 'ended' }>,
  waiting: readonly string[],
): Step {
  const { link } = record
  if (link === null) return stay(record)
  const after = (next: SessionRecord): SessionRecord =>
    input.exit === null ? withLink(next, { phase: 'closing' }) : { ...next, link: null }
  if (link.phase === 'closing') return stay(after(record))
  const said = `agent "${record.agent}" ${describeExit(input.exit)}`
  if (link.phase !== 'ready') {
    return failWaiting(after(record), waiting, `${said} before it was ready${quote(input.lastLines)}`)
  }
  const note: Note = { type: 'session.ended', data: { agent: record.agent, project: record.project, how: said } }
  if (link.turn === null) return { record: after(record), changes: [], notes: [note] }
  if (!link.turn.isTaken && link.turn.stop === null && record.misses < missLimit) {
    const change: AskChange = { kind: 'requeue', ask: link.turn.ask }
    const missed = withLink({ ...record, misses: record.misses + 1 }, { turn: null })
    return { record: after(missed), changes: [change], notes: [note] }
  }
  const reason = `${said} before it answered${quote(input.lastLines)}`
  const step = endTurn(record, { event: 'fail', reason, certainty: null })
  return { record: after(step.record), changes: step.changes, notes: [note] }
}

function onLost(record: SessionRecord, reason: string): Step {
  if (record.link === null) return stay(record)
  const step = endTurn(record, { event: 'lose', reason, certainty: null })
  const note: Note = { type: 'session.lost', data: { agent: record.agent, project: record.project, reason } }
  return { record: { ...step.record, link: null }, changes: step.changes, notes: [note] }
}

function onOverdue(
  record: SessionRecord,
  input: Extract<SessionInput, { kind: 'overdue' }>,
  waiting: readonly string[],
): Step {
  const { link } = record
  if (link === null || link.phase === 'closing') return stay(record)
  const closing = withLink(record, { phase: 'closing' })
  if (input.what === 'stop') {
    if (link.turn?.stop == null) return stay(record)
    return endTurn(closing, { event: 'cancel', reason: null, certainty: null })
  }
  if (link.phase === 'ready') return stay(record)
  const reason = `agent "${record.agent}" did not get ready in time (it was ${link.phase})${quote(input.lastLines)}`
  return failWaiting(closing, waiting, reason)
}

function onStop(
  record: SessionRecord,
  input: Extract<SessionInput, { kind: 'stop' }>,
  waiting: readonly string[],
): Step {
  const turn = record.link?.turn ?? null
  if (turn !== null && turn.ask === input.ask) {
    if (turn.stop !== null) return stay(record)
    return stay(withLink(record, { turn: { ...turn, stop: { as: input.as, reason: input.reason } } }))
  }
  if (!waiting.includes(input.ask)) return stay(record)
  const event = input.as === 'cancelled' ? 'cancel' : 'expire'
  const change: AskChange = { kind: 'settle', ask: input.ask, event, reason: input.reason, certainty: null }
  return { record, changes: [change], notes: [] }
}

function onHanded(record: SessionRecord, tag: string): Step {
  const { link } = record
  if (link === null) return stay(record)
  if (link.turn !== null && link.turn.ask === tag) {
    return stay(withLink({ ...record, misses: 0 }, { turn: { ...link.turn, isTaken: true } }))
  }
  if (!link.replies.some((reply) => reply.tag === tag)) return stay(record)
  return stay(withLink(record, { replies: link.replies.filter((reply) => reply.tag !== tag) }))
}

function take(record: SessionRecord, input: SessionInput, waiting: readonly string[]): Step {
  switch (input.kind) {
    case 'line':
      return readAgentLine(record, input, waiting)
    case 'skipped':
      if (record.link === null || input.end <= record.link.offset) return stay(record)
      return stay(withLink(record, { offset: input.end, isSkipping: input.isOpen }))
    case 'handed':
      return onHanded(record, input.tag)
    case 'ended':
      return onEnded(record, input, waiting)
    case 'lost':
      return onLost(record, input.reason)
    case 'unstartable':
      if (record.link === null) return stay(record)
      return failWaiting({ ...record, link: null }, waiting, input.reason)
    case 'overdue':
      return onOverdue(record, input, waiting)
    case 'stop':
    default:
      return onStop(record, input, waiting)
  }
}

/** A process for whoever waits, or the next turn. */
function proceed(record: SessionRecord, waiting: readonly string[]): Step {
  const ask = waiting[0]
  if (ask === undefined) return stay(record)
  const { link } = record
  if (link === null) {
    const generation = record.generation + 1
    const fresh = { offset: 0, isSkipping: false, noise: 0, replies: [], turn: null } as const
    const child = `${record.id}.${generation}`
    return stay({ ...record, generation, link: { child, phase: 'initializing', ...fresh, replies: [] } })
  }
  if (link.phase !== 'ready' || link.turn !== null) return stay(record)
  const turn = { ask, isTaken: false, hasText: false, stop: null }
  return { record: withLink(record, { turn }), changes: [{ kind: 'start', ask }], notes: [] }
}

function stillWaiting(waiting: readonly string[], changes: readonly AskChange[]): readonly string[] {
  const gone = new Set(
    changes.filter((change) => change.kind === 'settle' || change.kind === 'start').map((each) => each.ask),
  )
  const back = changes.filter((change) => change.kind === 'requeue').map((each) => each.ask)
  return gone.size === 0 && back.length === 0 ? waiting : [...back, ...waiting.filter((ask) => !gone.has(ask))]
}

export function advance(record: SessionRecord, inputs: readonly ChildInput[], view: SessionView): Step {
  let current = record
  let waiting = view.waiting
  const changes: AskChange[] = []
  const notes: Note[] = []
  const apply = (step: Step): void => {
    current = step.record
    waiting = stillWaiting(waiting, step.changes)
    changes.push(...step.changes)
    notes.push(...step.notes)
  }
  for (const input of inputs) {
    if (input.child === undefined || input.child === current.link?.child) apply(take(current, input, waiting))
  }
  if (!view.isHolding) apply(proceed(current, waiting))
  return { record: current, changes, notes }
}
