import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { serveGuide } from './serve.ts'

type Json = Record<string, unknown>

function talk() {
  const input = new PassThrough()
  const output = new PassThrough()
  const heard: Json[] = []
  const waiting: { match: (message: Json) => boolean; resolve: (message: Json) => void }[] = []
  let rest = ''
  output.on('data', (data: Buffer) => {
    rest += data.toString('utf8')
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const message = JSON.parse(line) as Json
      heard.push(message)
      for (const each of waiting.filter(({ match }) => match(message))) each.resolve(message)
    }
  })
  const done = serveGuide({ input, output, docsFolder: '/nonexistent', version: '1.2.3' })
  const until = (match: (message: Json) => boolean): Promise<Json> => {
    const found = heard.find(match)
    return found === undefined ? new Promise((resolve) => waiting.push({ match, resolve })) : Promise.resolve(found)
  }
  const send = (message: Json | string): void => {
    input.write(`${typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }
  const ask = (id: string, method: string, params: Json): Promise<Json> => {
    send({ id, method, params })
    return until((message) => message['id'] === id)
  }
  const said = (): string =>
    heard
      .filter((message) => message['method'] === 'session/update')
      .map((message) => (message['params'] as { update: { content: { text: string } } }).update.content.text)
      .join('')
  return { input, done, until, send, ask, said, heard }
}

async function opened() {
  const guide = talk()
  await guide.ask('i', 'initialize', { protocolVersion: 1 })
  const created = await guide.ask('n', 'session/new', { cwd: '/', mcpServers: [] })
  const { sessionId } = created['result'] as { sessionId: string }
  const prompt = (id: string, text: string): Promise<Json> =>
    guide.ask(id, 'session/prompt', { sessionId, prompt: [{ type: 'text', text }] })
  return { ...guide, sessionId, prompt }
}

describe('the guide as an ACP agent', () => {
  test('answers a prompt in chunks, then ends the turn', async () => {
    const guide = await opened()
    const text = `emoji \u{1F980}, "quotes", $(nothing) and ${'x'.repeat(1024 * 1024)}`
    expect((await guide.prompt('p', `repeat after me: ${text}`))['result']).toEqual({ stopReason: 'end_turn' })
    expect(guide.said()).toBe(text)
    guide.input.end()
    await guide.done
  })

  test('takes its time, and stops when cancelled', async () => {
    const guide = await opened()
    const answer = guide.prompt('p', 'take 10 minutes: repeat after me: a b c d e f')
    guide.send({ method: 'session/cancel', params: { sessionId: guide.sessionId } })
    expect((await answer)['result']).toEqual({ stopReason: 'cancelled' })
    expect((await guide.prompt('q', 'how many prompts have you seen?'))['result']).toEqual({ stopReason: 'end_turn' })
    expect(guide.said()).toContain('I have seen 2 prompts.')
    guide.input.end()
    await guide.done
  })

  test('answers what it does not know or understand with the code for it, and goes on', async () => {
    const guide = await opened()
    const codeOf = (message: Json): number => (message['error'] as { code: number }).code
    expect(codeOf(await guide.ask('x', 'no/such', {}))).toBe(-32601)
    expect(codeOf(await guide.ask('y', 'session/prompt', { sessionId: 5 }))).toBe(-32602)
    expect(codeOf(await guide.ask('z', 'session/prompt', { sessionId: 'none', prompt: [] }))).toBe(-32602)
    guide.send('not json')
    expect(codeOf(await guide.until((message) => message['id'] === null))).toBe(-32700)
    guide.input.end()
    await guide.done
  })

  test('ends when its input ends, in the middle of an answer too', async () => {
    const guide = await opened()
    const answer = guide.prompt('p', 'take 10 minutes: repeat after me: a b c')
    guide.input.end()
    await guide.done
    expect((await answer)['result']).toEqual({ stopReason: 'cancelled' })
  })
})
