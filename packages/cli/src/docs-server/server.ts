// MCP over lines of JSON, the side of a server that has tools only. Each request gets one response; notices are taken silently.
import * as v from 'valibot'
import type { Section } from '../guide/sections.ts'
import { callTool, tools } from './tools.ts'

const versions = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const
const newest = '2025-11-25'
const codes = { parse: -32700, request: -32600, method: -32601, params: -32602 } as const

const Message = v.object({
  jsonrpc: v.literal('2.0'),
  id: v.optional(v.union([v.string(), v.number()])),
  method: v.optional(v.string()),
  params: v.optional(v.record(v.string(), v.unknown())),
})

export interface DocsServerOptions {
  readonly version: string
  readonly sections: readonly Section[]
}

type Outcome = { readonly result: unknown } | { readonly error: { readonly code: number; readonly message: string } }

/** The response to one line, as a line; null when there is none to give. */
export function respond(line: string, options: DocsServerOptions): string | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return encode(null, { error: { code: codes.parse, message: `not JSON: ${error.message}` } })
  }
  const parsed = v.safeParse(Message, value)
  if (!parsed.success) return encode(null, { error: { code: codes.request, message: 'not a JSON-RPC 2.0 message' } })
  const { id, method, params = {} } = parsed.output
  return method === undefined || id === undefined ? null : encode(id, answer(method, params, options))
}

function answer(method: string, params: Record<string, unknown>, { version, sections }: DocsServerOptions): Outcome {
  switch (method) {
    case 'initialize': {
      const wanted = versions.find((each) => each === params['protocolVersion'])
      return {
        result: {
          protocolVersion: wanted ?? newest,
          capabilities: { tools: {} },
          serverInfo: { name: 'holdfast-docs', title: 'The docs of Holdfast', version },
        },
      }
    }
    case 'ping':
      return { result: {} }
    case 'tools/list':
      return { result: { tools } }
    case 'tools/call': {
      const name = params['name']
      const result = typeof name === 'string' ? callTool(name, params['arguments'] ?? {}, sections) : null
      if (result !== null) return { result }
      return { error: { code: codes.params, message: `there is no tool ${JSON.stringify(name ?? null)}` } }
    }
    default:
      return { error: { code: codes.method, message: `Method not found: ${method}` } }
  }
}

function encode(id: string | number | null, outcome: Outcome): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, ...outcome })}\n`
}
