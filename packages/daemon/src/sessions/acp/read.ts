// What a line from an ACP agent means for the session. Pure: (record, line) -> step.
import * as v from 'valibot'
import type { SessionRecord } from '../record.ts'
import { endTurn, failWaiting, stay, withLink, type Outcome, type Step } from '../step.ts'
import { decidePermission } from './permission.ts'
import {
  acpVersion,
  describeError,
  frames,
  InitializeResult,
  NewSessionResult,
  PermissionRequest,
  PromptResult,
  readLine,
  TextChunk,
  type AcpMessage,
} from './wire.ts'

export const requestIds = { initialize: 'initialize', create: 'session/new', load: 'session/load' } as const

export interface LineInput {
  /** Offset of the byte after the line. */
  readonly end: number
  readonly text: string
}

type Answer = Extract<AcpMessage, { kind: 'result' | 'error' }>

function failStart(record: SessionRecord, waiting: readonly string[], reason: string): Step {
  return failWaiting(withLink(record, { phase: 'closing' }), waiting, `agent "${record.agent}" ${reason}`)
}

function contextLost(record: SessionRecord, why: string): Step {
  const note = { type: 'session.context-lost', data: { agent: record.agent, project: record.project, why } }
  return { record: withLink(record, { phase: 'creating' }), changes: [], notes: [note] }
}

function onInitialized(record: SessionRecord, answer: Answer, waiting: readonly string[]): Step {
  if (answer.kind === 'error') return failStart(record, waiting, `refused to start: ${describeError(answer.error)}`)
  const parsed = v.safeParse(InitializeResult, answer.result)
  if (!parsed.success) return failStart(record, waiting, 'answered `initialize` with something that is not ACP')
  const { protocolVersion, agentCapabilities } = parsed.output
  if (protocolVersion !== acpVersion) {
    return failStart(record, waiting, `speaks ACP version ${protocolVersion}, Holdfast speaks version ${acpVersion}`)
  }
  const canLoad = agentCapabilities?.loadSession ?? false
  if (record.acpSession === null) return stay(withLink(record, { phase: 'creating' }))
  if (!canLoad) return contextLost(record, 'the agent cannot load earlier sessions')
  return stay(withLink(record, { phase: 'loading' }))
}

function onCreated(record: SessionRecord, answer: Answer, waiting: readonly string[]): Step {
  if (answer.kind === 'error') {
    return failStart(record, waiting, `could not open a session: ${describeError(answer.error)}`)
  }
  const parsed = v.safeParse(NewSessionResult, answer.result)
  if (!parsed.success) return failStart(record, waiting, 'answered `session/new` without a session id')
  return stay(withLink({ ...record, acpSession: parsed.output.sessionId }, { phase: 'ready' }))
}

function onLoaded(record: SessionRecord, answer: Answer): Step {
  if (answer.kind === 'error') return contextLost(record, describeError(answer.error))
  return stay(withLink(record, { phase: 'ready' }))
}

function outcomeOf(answer: Answer, hasText: boolean): Outcome {
  if (answer.kind === 'error') {
    return {
      event: 'fail',
      reason: `the agent answered with an error: ${describeError(answer.error)}`,
      certainty: null,
    }
  }
  const parsed = v.safeParse(PromptResult, answer.result)
  if (!parsed.success) {
    return { event: 'fail', reason: 'the agent ended its turn without saying why it stopped', certainty: null }
  }
  const { stopReason } = parsed.output
  if (stopReason === 'cancelled') {
    return { event: 'cancel', reason: 'the agent cancelled the turn itself', certainty: null }
  }
  if (stopReason === 'refusal') return { event: 'fail', reason: 'the agent refused to go on', certainty: null }
  if (stopReason !== 'end_turn') {
    return { event: 'finish', reason: `the agent stopped early: ${stopReason.slice(0, 200)}`, certainty: 'degraded' }
  }
  if (!hasText) return { event: 'finish', reason: 'the agent ended its turn without any text', certainty: 'degraded' }
  return { event: 'finish', reason: null, certainty: 'exact' }
}

function onAnswer(record: SessionRecord, answer: Answer, waiting: readonly string[]): Step {
  const { link } = record
  if (link === null) return stay(record)
  if (link.phase === 'initializing' && answer.id === requestIds.initialize)
    return onInitialized(record, answer, waiting)
  if (link.phase === 'creating' && answer.id === requestIds.create) return onCreated(record, answer, waiting)
  if (link.phase === 'loading' && answer.id === requestIds.load) return onLoaded(record, answer)
  if (link.turn !== null && answer.id === link.turn.ask) return endTurn(record, outcomeOf(answer, link.turn.hasText))
  return stay(record)
}

function onNotice(record: SessionRecord, method: string, params: unknown): Step {
  const turn = record.link?.turn ?? null
  if (method !== 'session/update' || turn === null) return stay(record)
  const parsed = v.safeParse(TextChunk, params)
  if (!parsed.success || parsed.output.sessionId !== record.acpSession) return stay(record)
  const { text } = parsed.output.update.content
  if (text === '') return stay(record)
  const next = turn.hasText ? record : withLink(record, { turn: { ...turn, hasText: true } })
  return { record: next, changes: [{ kind: 'text', ask: turn.ask, text }], notes: [] }
}

function onRequest(record: SessionRecord, request: Extract<AcpMessage, { kind: 'request' }>, tag: string): Step {
  const { link } = record
  if (link === null) return stay(record)
  const reply = (frame: string): SessionRecord => withLink(record, { replies: [...link.replies, { tag, frame }] })
  const parsed = v.safeParse(PermissionRequest, request.params)
  if (request.method !== 'session/request_permission' || !parsed.success) {
    return stay(reply(frames.notFound(request.id, request.method.slice(0, 200))))
  }
  const isStopping = link.turn === null || link.turn.stop !== null
  const { decision, outcome } = decidePermission(parsed.output, record.permissions, isStopping)
  const title = (parsed.output.toolCall?.title ?? '').slice(0, 500)
  const data = { agent: record.agent, project: record.project, ask: link.turn?.ask ?? null, title, decision }
  return {
    record: reply(frames.result(request.id, { outcome })),
    changes: [],
    notes: [{ type: 'agent.permission', data }],
  }
}

function onNoise(record: SessionRecord, text: string): Step {
  const noise = (record.link?.noise ?? 0) + 1
  const data = { agent: record.agent, project: record.project, sample: text.slice(0, 200) }
  return { record: withLink(record, { noise }), changes: [], notes: noise === 1 ? [{ type: 'agent.noise', data }] : [] }
}

/** `waiting`: the asks that wait in the session, told when the agent turns out not to start. */
export function readAgentLine(before: SessionRecord, line: LineInput, waiting: readonly string[]): Step {
  if (before.link === null || line.end <= before.link.offset) return stay(before)
  const record = withLink(before, { offset: line.end })
  // Nothing that is said while the agent is being ended counts any more.
  if (before.link.phase === 'closing') return stay(record)
  const message = readLine(line.text)
  switch (message.kind) {
    case 'blank':
      return stay(record)
    case 'noise':
      return onNoise(record, line.text)
    case 'notice':
      return onNotice(record, message.method, message.params)
    case 'request':
      return onRequest(record, message, `reply:${line.end}`)
    case 'result':
    case 'error':
    default:
      return onAnswer(record, message, waiting)
  }
}
