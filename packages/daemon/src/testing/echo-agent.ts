// An ACP agent in memory: answers each prompt with the prompt, in chunks, and keeps what it saw.
import * as v from 'valibot'
import type { Program, ProgramPorts } from './memory-keeper.ts'

const Request = v.object({
  id: v.optional(v.union([v.string(), v.number()])),
  method: v.optional(v.string()),
  params: v.optional(v.looseObject({ prompt: v.optional(v.array(v.object({ text: v.string() }))) })),
})

export interface Seen {
  readonly id: string
  readonly text: string
}

export interface EchoOptions {
  readonly seen: Seen[]
  readonly canLoad?: boolean
  /** What happens instead of the answer to a prompt that contains the word. */
  readonly on?: Readonly<Record<string, (ports: ProgramPorts, id: string) => void>>
}

const chunkLength = 5

export function echoAgent(ports: ProgramPorts, { seen, canLoad = false, on = {} }: EchoOptions): Program {
  const send = (message: Record<string, unknown>): void =>
    ports.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const say = (text: string): void => {
    const update = { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } }
    send({ method: 'session/update', params: { sessionId: 'acp', update } })
  }
  const answer = async (id: string, text: string): Promise<void> => {
    for (let at = 0; at < text.length; at += chunkLength) {
      await Promise.resolve()
      say(text.slice(at, at + chunkLength))
    }
    await Promise.resolve()
    send({ id, result: { stopReason: 'end_turn' } })
  }
  return {
    read(line) {
      const { id, method, params } = v.parse(Request, JSON.parse(line))
      if (id === undefined) return
      if (method === 'initialize') {
        send({ id, result: { protocolVersion: 1, agentCapabilities: { loadSession: canLoad } } })
      } else if (method === 'session/new') send({ id, result: { sessionId: 'acp' } })
      else if (method === 'session/load') send({ id, result: {} })
      else if (method === 'session/prompt') {
        const text = params?.prompt?.[0]?.text ?? ''
        seen.push({ id: String(id), text })
        const special = Object.keys(on).find((word) => text.includes(word))
        if (special === undefined) void answer(String(id), text)
        else on[special]?.(ports, String(id))
      }
    },
  }
}
