// What is said to and heard from an ACP agent, one JSON-RPC message a line (Agent Client Protocol, version 1). Only the parts
// that are used have a schema; the rest of a message is let through.
import * as v from 'valibot'

export const acpVersion = 1

const RequestId = v.union([v.string(), v.number(), v.null()])
export type RequestId = v.InferOutput<typeof RequestId>

const ErrorBody = v.object({ code: v.number(), message: v.string(), data: v.optional(v.unknown()) })
export type ErrorBody = v.InferOutput<typeof ErrorBody>

const Line = v.looseObject({
  jsonrpc: v.optional(v.literal('2.0')),
  id: v.optional(RequestId),
  method: v.optional(v.string()),
  params: v.optional(v.unknown()),
  result: v.optional(v.unknown()),
  error: v.optional(ErrorBody),
})

export type AcpMessage =
  | { readonly kind: 'request'; readonly id: RequestId; readonly method: string; readonly params: unknown }
  | { readonly kind: 'notice'; readonly method: string; readonly params: unknown }
  | { readonly kind: 'result'; readonly id: RequestId; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: RequestId; readonly error: ErrorBody }
  | { readonly kind: 'blank' }
  | { readonly kind: 'noise' }

export function readLine(text: string): AcpMessage {
  if (text.trim() === '') return { kind: 'blank' }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // Not JSON: an agent's banner or a stray print. Anything else is a defect of ours.
    if (!(error instanceof SyntaxError)) throw error
    return { kind: 'noise' }
  }
  const parsed = v.safeParse(Line, value)
  if (!parsed.success) return { kind: 'noise' }
  const { id, method, params, result, error } = parsed.output
  if (method !== undefined)
    return id === undefined ? { kind: 'notice', method, params } : { kind: 'request', id, method, params }
  if (id === undefined) return { kind: 'noise' }
  if (error !== undefined) return { kind: 'error', id, error }
  return { kind: 'result', id, result }
}

export const InitializeResult = v.object({
  protocolVersion: v.number(),
  agentInfo: v.nullish(v.object({ name: v.string(), version: v.nullish(v.string()) })),
  agentCapabilities: v.nullish(v.object({ loadSession: v.nullish(v.boolean()) })),
})

export const NewSessionResult = v.object({ sessionId: v.string() })

export const PromptResult = v.object({ stopReason: v.string() })

export const TextChunk = v.object({
  sessionId: v.string(),
  update: v.object({
    sessionUpdate: v.literal('agent_message_chunk'),
    content: v.object({ type: v.literal('text'), text: v.string() }),
  }),
})

export const PermissionRequest = v.object({
  sessionId: v.string(),
  toolCall: v.optional(v.object({ title: v.nullish(v.string()) })),
  options: v.array(v.object({ optionId: v.string(), kind: v.string() })),
})
export type PermissionRequest = v.InferOutput<typeof PermissionRequest>

/** What an agent's error says, on one line. */
export function describeError(error: ErrorBody): string {
  const details = v.safeParse(v.object({ details: v.string() }), error.data)
  const more = details.success ? ` (${details.output.details})` : ''
  return `${error.message}${more} (code ${error.code})`.slice(0, 2000)
}

/** Line separators that JSON allows raw are escaped: agents that read lines with Node's readline would cut there. */
function frame(message: Record<string, unknown>): string {
  const text = JSON.stringify({ jsonrpc: '2.0', ...message })
  return `${text.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}\n`
}

export const frames = {
  initialize: (id: string, version: string): string =>
    frame({
      id,
      method: 'initialize',
      params: {
        protocolVersion: acpVersion,
        clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
        clientInfo: { name: 'holdfast', title: 'Holdfast', version },
      },
    }),
  newSession: (id: string, cwd: string): string =>
    frame({ id, method: 'session/new', params: { cwd, mcpServers: [] } }),
  loadSession: (id: string, cwd: string, sessionId: string): string =>
    frame({ id, method: 'session/load', params: { sessionId, cwd, mcpServers: [] } }),
  prompt: (id: string, sessionId: string, text: string): string =>
    frame({ id, method: 'session/prompt', params: { sessionId, prompt: [{ type: 'text', text }] } }),
  cancel: (sessionId: string): string => frame({ method: 'session/cancel', params: { sessionId } }),
  result: (id: RequestId, result: unknown): string => frame({ id, result }),
  notFound: (id: RequestId, method: string): string =>
    frame({ id, error: { code: -32601, message: `Method not found: ${method} (Holdfast does not offer it)` } }),
}
