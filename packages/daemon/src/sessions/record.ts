// What the store knows of a session: which process serves it, how far the talk with it has come, and which turn is open.
// Invariant: a turn is in here, durably, before its frame is handed to the keeper.
import * as v from 'valibot'

export const sessionBuckets = {
  session: 'session',
  /** `<hash of project, agent and name>` -> id */
  byName: 'session.by-name',
} as const

/** An answer that is owed to a request of the agent's. */
const Reply = v.object({ tag: v.string(), frame: v.string() })

const Turn = v.object({
  ask: v.string(),
  /** Whether the keeper said that it has the prompt. */
  isTaken: v.boolean(),
  hasText: v.boolean(),
  stop: v.nullable(v.object({ as: v.picklist(['cancelled', 'expired']), reason: v.string() })),
})

/** The process that serves the session, and the talk with it. */
const Link = v.object({
  child: v.string(),
  phase: v.picklist(['initializing', 'creating', 'loading', 'ready', 'closing']),
  /** Output before this offset is dealt with. */
  offset: v.number(),
  /** In the middle of a line that is too long and left out. */
  isSkipping: v.boolean(),
  noise: v.number(),
  replies: v.array(Reply),
  turn: v.nullable(Turn),
})
export type Link = v.InferOutput<typeof Link>

export const SessionRecord = v.object({
  id: v.string(),
  project: v.string(),
  agent: v.string(),
  name: v.string(),
  createdAt: v.string(),
  /** How many processes have served it. */
  generation: v.number(),
  permissions: v.picklist(['allow', 'deny']),
  /** Turns in a row whose prompt no process took. */
  misses: v.number(),
  /** The agent's own name for the session. */
  acpSession: v.nullable(v.string()),
  link: v.nullable(Link),
})
export type SessionRecord = v.InferOutput<typeof SessionRecord>

export function newSession(
  fields: Pick<SessionRecord, 'id' | 'project' | 'agent' | 'name' | 'createdAt'>,
): SessionRecord {
  return { ...fields, generation: 0, permissions: 'deny', misses: 0, acpSession: null, link: null }
}
