// MCP through the daemon. A downstream (a proxy or a command) has an instance id that outlives its connections: after a
// daemon's death it opens again under the same id and says what it still waits for. Ids inside messages are the host's own.
import * as v from 'valibot'
import { method, notice } from './method.ts'
import { Name } from './words.ts'

/** A JSON-RPC message of MCP, whole; the daemon looks at `id`, `method` and `params._meta` only. */
export const McpMessage = v.looseObject({ jsonrpc: v.literal('2.0') })
export type McpMessage = v.InferOutput<typeof McpMessage>

export const mcpOpen = method(
  'mcp.open',
  v.object({
    downstream: v.string(),
    server: Name,
    project: v.string(),
    /** Requests sent under an earlier daemon that have no response yet, as they were sent. */
    pending: v.array(McpMessage),
    /** The host's `initialize` as it was answered under an earlier daemon: what the host is able to do. */
    initialize: v.optional(McpMessage),
    /** The `holder` under which `pending` was sent. Absent: never sent before. */
    holder: v.optional(v.string()),
  }),
  /** `holder`: the keeper that takes the requests from now on; only it knows which ones were handed over. */
  v.object({ server: v.string(), holder: v.optional(v.string()) }),
)
/** Host to server. */
export const mcpSend = notice('mcp.send', v.object({ downstream: v.string(), message: McpMessage }))
/** Server to host. A message with a `receipt` is answered by `mcp.received` once it is handed to the host. */
export const mcpMessage = notice(
  'mcp.message',
  v.object({ downstream: v.string(), message: McpMessage, receipt: v.optional(v.number()) }),
)
export const mcpReceived = notice('mcp.received', v.object({ downstream: v.string(), receipts: v.array(v.number()) }))
export const mcpClose = method('mcp.close', v.object({ downstream: v.string() }), v.object({}))

export const McpServer = v.object({
  name: v.string(),
  source: v.string(),
  command: v.string(),
  state: v.picklist(['configured', 'starting', 'ready', 'failed', 'disabled']),
  pid: v.nullable(v.number()),
  version: v.nullable(v.string()),
  tools: v.nullable(v.array(v.looseObject({ name: v.string() }))),
  error: v.nullable(v.string()),
})
export type McpServer = v.InferOutput<typeof McpServer>

/** `probe`: start each server and ask for its tools, each within `timeoutMs`. */
export const mcpList = method(
  'mcp.list',
  v.object({
    project: v.string(),
    server: v.optional(Name),
    probe: v.optional(v.boolean()),
    timeoutMs: v.optional(v.number()),
  }),
  v.object({ servers: v.array(McpServer) }),
)
export const mcpRestart = method(
  'mcp.restart',
  v.object({ project: v.string(), server: Name }),
  v.object({ pid: v.nullable(v.number()) }),
)
