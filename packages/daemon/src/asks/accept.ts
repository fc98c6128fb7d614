// Accepts an ask: checks what can be checked, makes it durable, and only then gives its id out (invariant 10). The same key
// again is the same ask.
import type { createAsk } from '@holdfast/protocol'
import * as v from 'valibot'
import { DaemonError } from '../errors.ts'
import type { Store } from '../store/api.ts'
import type { Ids } from './ask-id.ts'
import { deadlineOf, type BootClock } from './deadline.ts'
import type { AskAgents } from './ports.ts'
import { acceptOps, DedupeRecord, hashOf, type AskRecord } from './record.ts'

export type AskRequest = v.InferOutput<typeof createAsk.params>

export interface AcceptWorld {
  readonly store: Store
  readonly agents: AskAgents
  ensureSession(project: string, agent: string, name: string): Promise<string>
  readonly ids: Ids
  readonly boot: BootClock
  wallMs(): number
  record(id: string): Promise<AskRecord | null>
}

export type Accepted = { readonly kind: 'new' | 'known'; readonly record: AskRecord }

const defaultSession = 'main'

/** In UTF-16 units. */
const promptLimit = 8 * 1024 * 1024

function checkRequest(request: AskRequest): void {
  const { prompt, deadlineMs } = request
  const nul = prompt.indexOf('\0')
  if (nul >= 0) throw new DaemonError('prompt-has-nul', `the prompt has a NUL character at position ${nul}`)
  if (prompt.length > promptLimit) {
    throw new DaemonError('prompt-too-large', `the prompt has ${prompt.length} characters; the limit is ${promptLimit}`)
  }
  if (deadlineMs !== undefined && !(deadlineMs > 0 && Number.isFinite(deadlineMs))) {
    throw new DaemonError('deadline-invalid', `a deadline of ${deadlineMs} ms is not a time above zero`)
  }
}

function recordOf(request: AskRequest, sessionId: string, world: AcceptWorld): AskRecord {
  const { agent, project, deadlineMs, prompt } = request
  const wallMs = world.wallMs()
  return {
    id: world.ids.next(),
    agent,
    session: request.session ?? defaultSession,
    sessionId,
    project,
    state: 'queued',
    certainty: null,
    reason: null,
    cancelOnExit: request.cancelOnExit ?? false,
    dedupe: hashOf(project, request.dedupeKey),
    promptHash: hashOf(prompt),
    acceptedAt: new Date(wallMs).toISOString(),
    startedAt: null,
    endedAt: null,
    deadline: deadlineMs === undefined ? null : deadlineOf(deadlineMs, world.boot, wallMs),
  }
}

async function known(record: AskRecord, id: string, world: AcceptWorld): Promise<Accepted> {
  const earlier = await world.record(id)
  if (earlier === null) throw new DaemonError('ask-unknown', `the ask "${id}" with this key was forgotten just now`)
  const isSame =
    earlier.sessionId === record.sessionId && earlier.promptHash === record.promptHash && earlier.agent === record.agent
  if (isSame) return { kind: 'known', record: earlier }
  throw new DaemonError('dedupe-mismatch', `the key of this ask was used for another one, "${id}"`)
}

export async function acceptAsk(request: AskRequest, world: AcceptWorld): Promise<Accepted> {
  checkRequest(request)
  await world.agents.check(request.project, request.agent)
  const name = request.session ?? defaultSession
  const sessionId = await world.ensureSession(request.project, request.agent, name)
  for (;;) {
    const record = recordOf(request, sessionId, world)
    const commit = await world.store.commit(acceptOps(record, request.prompt))
    if (commit.ok) return { kind: 'new', record }
    // The id is taken: only after a clock that went back over a store that forgot. The next one is greater.
    if (commit.index !== 1) continue
    if (commit.current !== null) return known(record, v.parse(DedupeRecord, commit.current.value).id, world)
  }
}
