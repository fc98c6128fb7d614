// The JSON messages between daemon and keeper, one schema each; both sides parse by them. Fields may be added later, so a
// schema must accept what a newer or older side leaves out or adds.
import { ErrorInfo, type Schema } from '@holdfast/protocol'
import * as v from 'valibot'
import { maxIdBytes } from './messages.ts'

export type { Schema }

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const Milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(3_600_000))
/** What one child may make the keeper hold, whatever the daemon wishes. */
const maxOutputBytes = 128 * 1024 * 1024
const TerminalSide = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(10_000))
const readonlyList = <S extends v.GenericSchema>(item: S) => v.pipe(v.array(item), v.readonly())
const ChildId = v.pipe(
  v.string(),
  v.minLength(1),
  v.check((id) => Buffer.byteLength(id) <= maxIdBytes, `the id of a child has at most ${maxIdBytes} bytes`),
)
const noNul = v.pipe(
  v.string(),
  v.check((text) => !text.includes('\0'), 'must not contain a NUL byte'),
)
const OneChild = v.object({ child: ChildId })
const Nothing = v.object({})

const Survivor = v.object({ pid: v.number(), command: v.string() })
const Exit = v.object({
  code: v.nullable(v.number()),
  signal: v.nullable(v.string()),
  at: v.string(),
  survivors: readonlyList(Survivor),
})
const Held = v.object({
  id: v.string(),
  label: v.record(v.string(), v.string()),
  pid: v.number(),
  startTicks: v.number(),
  startedAt: v.string(),
  ackedOffset: Count,
  endOffset: Count,
  lastFrame: Count,
  openTags: readonlyList(v.string()),
  exit: v.nullable(Exit),
})
const Spec = v.object({
  id: ChildId,
  command: v.pipe(noNul, v.minLength(1)),
  args: readonlyList(noNul),
  cwd: v.pipe(noNul, v.minLength(1)),
  env: v.record(noNul, noNul),
  umask: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0o777))),
  io: v.union([v.literal('pipe'), v.object({ pty: v.object({ columns: TerminalSide, rows: TerminalSide }) })]),
  logFile: v.pipe(noNul, v.minLength(1)),
  outputBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(maxOutputBytes))),
  label: v.record(v.string(), v.string()),
})

/** Requests of the daemon: what goes in, what comes back. `command` must be the first. */
export const requests = {
  command: {
    params: v.object({ epoch: Count }),
    result: v.object({ pid: v.number(), instance: v.string(), version: v.string() }),
  },
  spawn: { params: Spec, result: Held },
  list: { params: Nothing, result: v.array(Held) },
  attach: { params: v.object({ child: ChildId, fromOffset: Count, stream: Count }), result: Nothing },
  terminate: { params: v.object({ child: ChildId, graceMs: Milliseconds }), result: Exit },
  forget: { params: OneChild, result: Nothing },
  shutdown: { params: v.object({ graceMs: Milliseconds }), result: v.object({ survivors: readonlyList(Survivor) }) },
} as const

/** Notices of the daemon: nothing comes back. */
export const daemonNotices = {
  settle: v.object({ child: ChildId, tags: readonlyList(v.string()) }),
  resize: v.object({ child: ChildId, columns: TerminalSide, rows: TerminalSide }),
  closeInput: OneChild,
} as const

/** Notices of the keeper. */
export const keeperNotices = {
  end: v.object({ stream: Count, exit: v.nullable(Exit) }),
  fenced: v.object({ epoch: Count }),
} as const

export const Request = v.object({ id: Count, method: v.string(), params: v.unknown() })
export const Answer = v.union([v.object({ id: Count, error: ErrorInfo }), v.object({ id: Count, result: v.unknown() })])
export const Notice = v.object({ method: v.string(), params: v.unknown() })

export type RequestName = keyof typeof requests
export type RequestParams<N extends RequestName> = v.InferOutput<(typeof requests)[N]['params']>
export type RequestResult<N extends RequestName> = v.InferOutput<(typeof requests)[N]['result']>
export type DaemonNoticeName = keyof typeof daemonNotices
export type DaemonNoticeParams<N extends DaemonNoticeName> = v.InferOutput<(typeof daemonNotices)[N]>

/** JSON that came over the wire, or undefined when it is none. */
export function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString())
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
