// The guide as an ACP agent (version 1): one JSON-RPC message a line, several sessions, one prompt at a time in each.
import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { answerTo } from './answer.ts'
import type { Section } from './sections.ts'
import { speak } from './speak.ts'

const Id = v.union([v.string(), v.number(), v.null()])
type Id = v.InferOutput<typeof Id>

const Message = v.object({ id: v.optional(Id), method: v.optional(v.string()), params: v.optional(v.unknown()) })
const SessionParams = v.object({ sessionId: v.string() })
const PromptParams = v.object({
  sessionId: v.string(),
  prompt: v.array(v.looseObject({ type: v.string(), text: v.optional(v.string()) })),
})

const codes = { parse: -32700, request: -32600, method: -32601, params: -32602, internal: -32603 } as const

export interface AgentOptions {
  readonly version: string
  readonly sections: readonly Section[]
  /** Writes a line; resolves when more may be written. */
  write(line: string): Promise<void>
}

interface Turn {
  readonly stop: AbortController
  readonly done: Promise<void>
}

class Refusal extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

function parse<T>(schema: v.GenericSchema<unknown, T>, params: unknown, method: string): T {
  const parsed = v.safeParse(schema, params)
  if (parsed.success) return parsed.output
  throw new Refusal(codes.params, `${method}: ${parsed.issues[0].message}`)
}

export class GuideAgent {
  readonly #options: AgentOptions
  readonly #sessions = new Set<string>()
  /** Prompts, in all sessions. */
  #seen = 0
  readonly #turns = new Map<string, Turn>()

  constructor(options: AgentOptions) {
    this.#options = options
  }

  /** Resolves when the line is dealt with, which for a prompt is when its answer is said. */
  async receive(line: string): Promise<void> {
    if (line.trim() === '') return
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      return this.#send({ id: null, error: { code: codes.parse, message: `not JSON: ${error.message}` } })
    }
    const parsed = v.safeParse(Message, value)
    if (!parsed.success)
      return this.#send({ id: null, error: { code: codes.request, message: 'not a JSON-RPC message' } })
    const { id, method, params } = parsed.output
    if (method === undefined) return
    if (id === undefined) this.#notice(method, params)
    else await this.#request(id, method, params)
  }

  /** Nobody listens any more. */
  stop(): void {
    for (const { stop } of this.#turns.values()) stop.abort()
  }

  async #request(id: Id, method: string, params: unknown): Promise<void> {
    try {
      await this.#send({ id, result: await this.#answer(method, params) })
    } catch (error) {
      const code = error instanceof Refusal ? error.code : codes.internal
      await this.#send({ id, error: { code, message: error instanceof Error ? error.message : String(error) } })
    }
  }

  #answer(method: string, params: unknown): Promise<unknown> {
    switch (method) {
      case 'initialize':
        return Promise.resolve({
          protocolVersion: 1,
          agentInfo: { name: 'holdfast-guide', title: 'Holdfast guide', version: this.#options.version },
          agentCapabilities: { loadSession: false, promptCapabilities: {} },
          authMethods: [],
        })
      case 'session/new': {
        const sessionId = randomUUID()
        this.#sessions.add(sessionId)
        return Promise.resolve({ sessionId })
      }
      case 'session/prompt':
        return this.#prompt(parse(PromptParams, params, method))
      default:
        throw new Refusal(codes.method, `Method not found: ${method}`)
    }
  }

  async #prompt({ sessionId, prompt }: v.InferOutput<typeof PromptParams>): Promise<{ stopReason: string }> {
    if (!this.#sessions.has(sessionId)) throw new Refusal(codes.params, `there is no session "${sessionId}"`)
    this.#seen += 1
    const seen = this.#seen
    const earlier = this.#turns.get(sessionId)
    const stop = new AbortController()
    const done = Promise.withResolvers<void>()
    this.#turns.set(sessionId, { stop, done: done.promise })
    try {
      await earlier?.done
      const text = prompt.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('')
      const answer = answerTo(text, seen, this.#options.sections)
      const isSaid = await speak(answer, stop.signal, (piece) => this.#say(sessionId, piece))
      return { stopReason: isSaid ? 'end_turn' : 'cancelled' }
    } finally {
      done.resolve()
      if (this.#turns.get(sessionId)?.stop === stop) this.#turns.delete(sessionId)
    }
  }

  #say(sessionId: string, text: string): Promise<void> {
    const update = { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } }
    return this.#send({ method: 'session/update', params: { sessionId, update } })
  }

  #notice(method: string, params: unknown): void {
    if (method !== 'session/cancel') return
    const parsed = v.safeParse(SessionParams, params)
    if (parsed.success) this.#turns.get(parsed.output.sessionId)?.stop.abort()
  }

  #send(message: Record<string, unknown>): Promise<void> {
    return this.#options.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }
}
