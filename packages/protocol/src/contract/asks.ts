// Asks and agents. An ask that was accepted reaches a final state; its id is the only name it ever has.
import * as v from 'valibot'
import { method, notice } from './method.ts'
import { Name } from './words.ts'

export const AskState = v.picklist(['queued', 'running', 'done', 'failed', 'cancelled', 'expired', 'unknown'])
export type AskState = v.InferOutput<typeof AskState>

export const Ask = v.object({
  id: v.string(),
  agent: v.string(),
  session: v.string(),
  project: v.string(),
  state: AskState,
  prompt: v.optional(v.string()),
  reply: v.nullable(v.string()),
  certainty: v.nullable(v.picklist(['exact', 'observed', 'degraded'])),
  reason: v.nullable(v.string()),
  position: v.nullable(v.number()),
  timings: v.object({
    acceptedAt: v.string(),
    startedAt: v.nullable(v.string()),
    endedAt: v.nullable(v.string()),
    deadlineAt: v.nullable(v.string()),
  }),
})
export type Ask = v.InferOutput<typeof Ask>

/** A piece of an answer while it is being written; `offset` counts UTF-16 units of text already sent. */
export const AskChunk = v.object({ id: v.string(), offset: v.number(), text: v.string() })

export const createAsk = method(
  'ask.create',
  v.object({
    agent: Name,
    session: v.optional(Name),
    project: v.string(),
    prompt: v.string(),
    /** The client chooses it, so that a repeated request after a lost reply is the same ask. */
    dedupeKey: v.string(),
    deadlineMs: v.optional(v.number()),
    /** Cancel when the connection that asked is gone (a waiting command); otherwise the ask goes on. */
    cancelOnExit: v.optional(v.boolean()),
  }),
  Ask,
)
/** Answers at once. */
export const getAsk = method('ask.get', v.object({ id: v.string() }), Ask)
/** Answers when the ask is final; with `stream` sends `ask.chunk` notices, beginning at `from`. */
export const waitAsk = method(
  'ask.wait',
  v.object({ id: v.string(), stream: v.optional(v.boolean()), from: v.optional(v.number()) }),
  Ask,
)
export const askChunk = notice('ask.chunk', AskChunk)
export const listAsks = method(
  'ask.list',
  v.object({ project: v.optional(v.string()), states: v.optional(v.array(AskState)), limit: v.optional(v.number()) }),
  v.object({ asks: v.array(Ask) }),
)
export const cancelAsk = method('ask.cancel', v.object({ id: v.string(), reason: v.optional(v.string()) }), Ask)

export const Agent = v.object({
  name: v.string(),
  driver: v.string(),
  command: v.string(),
  source: v.string(),
  version: v.nullable(v.string()),
  ready: v.boolean(),
  why: v.nullable(v.string()),
})
export type Agent = v.InferOutput<typeof Agent>
export const listAgents = method('agent.list', v.object({ project: v.string() }), v.object({ agents: v.array(Agent) }))
