// The daemon as a whole: what it is, what it holds, how it is told to leave.
import * as v from 'valibot'
import { method, notice } from './method.ts'
import { Empty } from './words.ts'

export const ExitInfo = v.object({
  epoch: v.number(),
  kind: v.picklist(['stopped', 'crashed', 'killed', 'hung']),
  at: v.string(),
  reason: v.string(),
})
export type ExitInfo = v.InferOutput<typeof ExitInfo>

export const DaemonInfo = v.object({
  state: v.picklist(['starting', 'ready', 'draining', 'quarantined', 'hung', 'crash-looping']),
  pid: v.number(),
  epoch: v.number(),
  instance: v.string(),
  version: v.string(),
  startedAt: v.string(),
  socket: v.string(),
  owner: v.nullable(v.string()),
  /** What keeps it from serving, and what to do about it. */
  problem: v.optional(v.object({ message: v.string(), hint: v.string() })),
})
export type DaemonInfo = v.InferOutput<typeof DaemonInfo>

export const Status = v.object({
  scope: v.string(),
  daemon: v.nullable(DaemonInfo),
  /** `silent`: it does not answer; `children` is what was last known. */
  keeper: v.nullable(v.object({ pid: v.number(), children: v.number(), silent: v.optional(v.boolean()) })),
  clients: v.number(),
  asks: v.object({ queued: v.number(), running: v.number() }),
  sessions: v.number(),
  lastExit: v.nullable(ExitInfo),
})
export type Status = v.InferOutput<typeof Status>

export const HeldProcess = v.object({
  id: v.string(),
  kind: v.picklist(['daemon', 'keeper', 'agent', 'mcp', 'service', 'other']),
  name: v.string(),
  pid: v.nullable(v.number()),
  state: v.string(),
  startedAt: v.nullable(v.string()),
  rssBytes: v.nullable(v.number()),
  cpuSeconds: v.nullable(v.number()),
  project: v.nullable(v.string()),
  serves: v.string(),
})
export type HeldProcess = v.InferOutput<typeof HeldProcess>

export const LogSource = v.object({ path: v.string(), name: v.string() })

export const Event = v.object({
  cursor: v.number(),
  at: v.string(),
  epoch: v.number(),
  type: v.string(),
  subject: v.string(),
  data: v.record(v.string(), v.unknown()),
})
export type Event = v.InferOutput<typeof Event>

export const ConfigProblem = v.object({
  file: v.string(),
  line: v.nullable(v.number()),
  path: v.string(),
  message: v.string(),
  fix: v.string(),
})
export type ConfigProblem = v.InferOutput<typeof ConfigProblem>

export const daemonStatus = method('status', Empty, Status)
export const daemonProcesses = method('processes', Empty, v.object({ processes: v.array(HeldProcess) }))
/** Refuses new work, ends within the deadline. `children`: end them and the keeper too. */
export const daemonDrain = method(
  'drain',
  v.object({ reason: v.string(), deadlineMs: v.optional(v.number()), children: v.optional(v.boolean()) }),
  v.object({ survivors: v.array(v.object({ pid: v.number(), command: v.string() })) }),
)
/** Where the log of a child, the daemon or the keeper lies; the client reads the file itself. */
export const logSources = method(
  'logs',
  v.object({ name: v.optional(v.string()) }),
  v.object({ sources: v.array(LogSource) }),
)
/** After `since`, or with `newest` that many of the newest. */
export const readEvents = method(
  'events.read',
  v.object({ since: v.optional(v.number()), newest: v.optional(v.number()), limit: v.optional(v.number()) }),
  v.object({ events: v.array(Event), cursor: v.number(), gap: v.optional(v.boolean()) }),
)
/** From then on `event` notices follow, beginning after `since`. */
export const followEvents = method(
  'events.follow',
  v.object({ since: v.optional(v.number()) }),
  v.object({ cursor: v.number() }),
)
export const eventNotice = notice('event', Event)
/** The daemon is about to leave; the client should go to the next one. */
export const leavingNotice = notice('$/leaving', v.object({ reason: v.string() }))
export const showConfig = method(
  'config.show',
  v.object({ project: v.string() }),
  v.object({
    project: v.string(),
    files: v.array(v.object({ path: v.string(), exists: v.boolean() })),
    config: v.record(v.string(), v.unknown()),
    problems: v.array(ConfigProblem),
  }),
)
