import { duplexPair, type Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { method, notice } from './contract/method.ts'
import { encodeFrame } from './frame/length-prefixed.ts'
import { Peer } from './peer.ts'
import type { PeerOptions } from './peer-options.ts'
import { protocolError, type WireError } from './wire-error.ts'
import { frameCodec, lineCodec } from './wire.ts'

const Text = v.object({ text: v.string() })
const echo = method('echo', Text, Text)
const hang = method('hang', v.object({}), v.object({}))
const said = notice('said', Text)

function pair(here: PeerOptions = {}, there: PeerOptions = {}): { client: Peer; server: Peer; ends: [Duplex, Duplex] } {
  const ends = duplexPair()
  return { client: new Peer(ends[0], here), server: new Peer(ends[1], there), ends }
}

interface Raw {
  readonly peer: Peer
  readonly end: Duplex
  readonly send: (text: string) => void
  readonly nextLine: () => Promise<unknown>
}

/** A peer, and its other end as plain text. */
function raw(options: PeerOptions = {}): Raw {
  const [mine, theirs] = duplexPair()
  const lines: string[] = []
  let rest = ''
  const wakers: (() => void)[] = []
  mine.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    for (const wake of wakers.splice(0)) wake()
  })
  const nextLine = async (): Promise<unknown> => {
    while (lines.length === 0) await new Promise<void>((resolve) => void wakers.push(resolve))
    return JSON.parse(lines.shift() ?? '')
  }
  return { peer: new Peer(theirs, options), send: (text) => void mine.write(text), nextLine, end: mine }
}

async function errorOf(promise: Promise<unknown>): Promise<WireError> {
  try {
    await promise
  } catch (error) {
    return error as WireError
  }
  throw new Error('it did not reject')
}

describe('Peer', () => {
  test('requests go both ways at once', async () => {
    const { client, server } = pair()
    server.handle(echo, async ({ text }, { peer }) => await peer.request(echo, { text: `${text}!` }))
    client.handle(echo, ({ text }) => ({ text: text.toUpperCase() }))
    expect(await client.request(echo, { text: 'hello' })).toEqual({ text: 'HELLO!' })
  })

  test('notices arrive in order, before a later request', async () => {
    const { client, server } = pair()
    const seen: string[] = []
    server.onNotice(said, ({ text }) => void seen.push(text))
    server.handle(echo, () => ({ text: seen.join() }))
    for (const text of ['a', 'b', 'c']) expect(client.notify(said, { text })).toBe('sent')
    expect(await client.request(echo, { text: '' })).toEqual({ text: 'a,b,c' })
  })

  test('an unknown method, bad parameters and a bad answer have their own codes', async () => {
    const { client, server } = pair()
    expect(await errorOf(client.request(echo, { text: 'x' }))).toMatchObject({ code: 'unknown-method' })
    server.handle(echo, () => ({ text: 7 }) as unknown as { text: string })
    const wrong = { text: 3 } as unknown as { text: string }
    expect(await errorOf(client.request(echo, wrong))).toMatchObject({
      code: 'bad-params',
      kind: 'usage',
      message: expect.stringContaining('text: ') as string,
    })
    expect(await errorOf(client.request(echo, { text: 'x' }))).toMatchObject({ code: 'bad-result' })
  })

  test("a handler's error is the answer; one without a code is internal and reported", async () => {
    const reported: WireError[] = []
    const { client, server } = pair({}, { report: (problem) => reported.push(problem) })
    server.handle(hang, () => Promise.reject(new TypeError('a bug')))
    server.handle(echo, () => {
      throw Object.assign(new Error('no agent "codx"'), {
        code: 'no-agent',
        kind: 'missing',
        hint: 'did you mean codex?',
      })
    })
    expect(await errorOf(client.request(echo, { text: '' }))).toMatchObject({
      code: 'no-agent',
      kind: 'missing',
      exitCode: 3,
      hint: 'did you mean codex?',
    })
    expect(await errorOf(client.request(hang, {}))).toMatchObject({ code: 'internal', message: 'a bug' })
    expect(reported.map((problem) => problem.message)).toEqual(['a bug'])
  })

  test('cancel rejects here and aborts there; the late answer finds nobody', async () => {
    const { client, server } = pair()
    const aborted = Promise.withResolvers<unknown>()
    server.handle(hang, (_, { signal }) => {
      const answer = Promise.withResolvers<Record<string, never>>()
      signal.addEventListener('abort', () => {
        aborted.resolve(signal.reason)
        answer.resolve({})
      })
      return answer.promise
    })
    server.handle(echo, (params) => params)
    const abort = new AbortController()
    const asked = errorOf(client.request(hang, {}, { signal: abort.signal }))
    await client.request(echo, { text: '' })
    abort.abort()
    expect(await asked).toMatchObject({ code: 'cancelled', handedOver: true })
    expect(await aborted.promise).toMatchObject({ code: 'cancelled' })
    expect(await client.request(echo, { text: 'still works' })).toEqual({ text: 'still works' })
    expect(client.pendingRequests).toBe(0)
    const early = client.request(hang, {}, { signal: AbortSignal.abort() })
    expect(await errorOf(early)).toMatchObject({ code: 'cancelled', handedOver: false })
  })

  test('I18 a deadline is kept by the given timers, and cancels there', async () => {
    const due: (() => void)[] = []
    const timers = { setTimer: (_ms: number, fn: () => void) => (due.push(fn), { cancel: () => void due.splice(0) }) }
    const { client, server } = pair({ timers })
    const aborted = Promise.withResolvers<void>()
    server.handle(hang, (_, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve())
      return new Promise(() => undefined)
    })
    const asked = errorOf(client.request(hang, {}, { timeoutMs: 50 }))
    expect(due).toHaveLength(1)
    due[0]?.()
    expect(await asked).toMatchObject({ code: 'timeout', kind: 'timeout', exitCode: 7 })
    await aborted.promise
  })

  test('a lost connection rejects what waits and aborts what works', async () => {
    const { client, server } = pair()
    const aborted = Promise.withResolvers<unknown>()
    const entered = Promise.withResolvers<void>()
    server.handle(hang, (_, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.reason))
      entered.resolve()
      return new Promise(() => undefined)
    })
    const asked = errorOf(client.request(hang, {}))
    await entered.promise
    client.destroy(new Error('cable cut'))
    expect(await asked).toMatchObject({ code: 'connection-lost', handedOver: true, retryable: true })
    expect(await aborted.promise).toMatchObject({ code: 'connection-lost' })
    expect(await client.closed).toMatchObject({ message: 'cable cut' })
    await server.closed
    expect(await errorOf(client.request(hang, {}))).toMatchObject({ code: 'connection-lost', handedOver: false })
    expect(client.notify(said, { text: '' })).toBe('closed')
  })

  test('I11 what waited behind a full socket was never handed over, what went into it was', async () => {
    const [mine] = duplexPair({ highWaterMark: 64 })
    const peer = new Peer(mine)
    const first = errorOf(peer.request(echo, { text: 'x'.repeat(100) }))
    const second = errorOf(peer.request(echo, { text: 'y' }))
    const abort = new AbortController()
    const third = errorOf(peer.request(echo, { text: 'z' }, { signal: abort.signal }))
    abort.abort()
    expect(await third).toMatchObject({ code: 'cancelled', handedOver: false })
    peer.destroy()
    expect(await first).toMatchObject({ code: 'connection-lost', handedOver: true })
    expect(await second).toMatchObject({ code: 'connection-lost', handedOver: false })
  })

  test('close lets what was sent arrive', async () => {
    const { client, server } = pair()
    const seen: number[] = []
    server.onNotice(said, ({ text }) => void seen.push(text.length))
    for (let i = 0; i < 50; i++) client.notify(said, { text: 'x'.repeat(5000) })
    client.close()
    await server.closed
    expect(seen).toHaveLength(50)
  })

  test('a socket that a handshake left paused, with bytes unread, is read from its first byte', async () => {
    const [mine, theirs] = duplexPair()
    mine.write('{"jsonrpc":"2.0","id":1,"method":"echo","params":{"text":"early"}}\n')
    await turn()
    theirs.pause()
    theirs.unshift(theirs.read() as Buffer)
    const peer = new Peer(theirs)
    const echoed = new Promise((resolve) => peer.handle(echo, (params) => (resolve(params.text), params)))
    expect(await echoed).toBe('early')
  })

  test('large messages cross whole', async () => {
    const { client, server } = pair()
    server.handle(echo, (params) => params)
    const text = '海'.repeat(1_000_000)
    expect(await client.request(echo, { text })).toEqual({ text })
  })

  test('I17 over the limit: a request is refused before it is sent, an answer becomes an error', async () => {
    const { client, server } = pair({ codec: lineCodec(100_000) }, { codec: lineCodec(200) })
    server.handle(echo, () => ({ text: 'x'.repeat(300) }))
    expect(await errorOf(client.request(echo, { text: 'x'.repeat(100_000) }))).toMatchObject({
      code: 'too-large',
      handedOver: false,
    })
    expect(await errorOf(client.request(echo, { text: 'small' }))).toMatchObject({ code: 'too-large' })
    expect(await errorOf(client.request(echo, { text: 'x'.repeat(1000) }))).toMatchObject({ code: 'too-large' })
    expect(() => client.notify(said, { text: 'x'.repeat(100_000) })).toThrow('bytes')
    expect(client.pendingRequests).toBe(0)
  })

  test('I17 an oversized answer rejects its request', async () => {
    const { client, server } = pair({ codec: lineCodec(200) })
    server.handle(echo, () => ({ text: 'x'.repeat(300) }))
    expect(await errorOf(client.request(echo, { text: '' }))).toMatchObject({ code: 'too-large' })
  })

  test('I17 too many requests at once are refused, the others go on', async () => {
    const { client, server } = pair({}, { maxConcurrent: 2 })
    const gate = Promise.withResolvers<void>()
    server.handle(echo, async (params) => (await gate.promise, params))
    const asked = ['a', 'b', 'c'].map((text) => client.request(echo, { text }))
    expect(await errorOf(asked[2]!)).toMatchObject({ code: 'overloaded', retryable: true })
    gate.resolve()
    expect(await Promise.all(asked.slice(0, 2))).toEqual([{ text: 'a' }, { text: 'b' }])
    const few = pair({ maxPending: 1 })
    few.server.handle(hang, () => new Promise(() => undefined))
    void few.client.request(hang, {}).catch(() => undefined)
    expect(await errorOf(few.client.request(hang, {}))).toMatchObject({ code: 'overloaded', handedOver: false })
  })

  test('I17 a reader that does not read: the sender is told, bounded, and cut off at last', async () => {
    const { peer, end } = raw({ maxQueuedBytes: 100_000 })
    end.pause()
    let told: string = 'sent'
    while (told === 'sent') told = peer.notify(said, { text: 'x'.repeat(1000) })
    expect(told).toBe('slow')
    const before = peer.queuedBytes
    expect(before).toBeLessThan(100_000)
    let isDrained = false
    const drained = peer.drained().then(() => (isDrained = true))
    await turn()
    expect(isDrained).toBe(false)
    end.resume()
    await drained
    expect(peer.queuedBytes).toBeLessThan(before)
    end.pause()
    while (peer.queuedBytes <= 100_000) peer.notify(said, { text: 'x'.repeat(1000) })
    expect(await errorOf(peer.request(echo, { text: '' }))).toMatchObject({ code: 'overloaded', handedOver: false })
    while (told !== 'closed') {
      told = peer.notify(said, { text: 'x'.repeat(1000) })
      if (peer.queuedBytes > 200_000) await turn()
    }
    expect(await peer.closed).toMatchObject({ code: 'overloaded' })
  })

  test('I17 with pausesWhenFull a client that only sends slows itself: its requests wait, none is dropped', async () => {
    let handled = 0
    const { peer, send, nextLine, end } = raw({ pausesWhenFull: true })
    peer.handle(echo, ({ text }) => {
      handled++
      return { text }
    })
    end.pause()
    const text = 'x'.repeat(4000)
    const count = 200
    for (let id = 0; id < count; id++)
      send(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'echo', params: { text } })}\n`)
    for (let i = 0; i < 20; i++) await turn()
    expect(handled).toBeLessThan(count)
    end.resume()
    for (let id = 0; id < count; id++) expect(await nextLine()).toMatchObject({ id, result: { text } })
  })

  test('garbage is answered, and ends the connection when it goes on', async () => {
    const { peer, send, nextLine } = raw()
    peer.handle(echo, (params) => params)
    send('garbage\n')
    expect(await nextLine()).toMatchObject({ id: null, error: { code: -32700, data: { code: 'bad-message' } } })
    send('\n\n{"jsonrpc":"2.0","id":"a","method":"echo","params":{"text":"x"}}\r\n')
    expect(await nextLine()).toMatchObject({ id: 'a', result: { text: 'x' } })
    send('{"jsonrpc":"2.0","id":5}\n')
    expect(await nextLine()).toMatchObject({ id: 5, error: { code: -32600 } })
    send('{"jsonrpc":"2.0","id":9,"result":{}}\n{"jsonrpc":"2.0","method":"nobody"}\n')
    send('x\n'.repeat(20))
    await peer.closed
  })

  test('two peers that do not understand each other do not talk for ever', async () => {
    const { client, server, ends } = pair()
    ends[0].write('garbage\n')
    ends[1].write('garbage\n')
    server.handle(echo, (params) => params)
    expect(await client.request(echo, { text: 'fine' })).toEqual({ text: 'fine' })
  })

  test('an id in use is refused, and the first request is still answered', async () => {
    const { peer, send, nextLine } = raw()
    const gate = Promise.withResolvers<void>()
    peer.handle(hang, async () => (await gate.promise, {}))
    send('{"jsonrpc":"2.0","id":1,"method":"hang","params":{}}\n'.repeat(2))
    expect(await nextLine()).toMatchObject({ id: 1, error: { data: { code: 'bad-request' } } })
    gate.resolve()
    expect(await nextLine()).toMatchObject({ id: 1, result: {} })
  })

  test('a notice handler that fails is reported and harms nothing', async () => {
    const reported: string[] = []
    const { client, server } = pair({}, { report: (problem) => reported.push(problem.message) })
    server.onNotice(said, () => Promise.reject(new Error('async')))
    server.onNotice(said, () => {
      throw protocolError('cancelled', 'sync')
    })
    server.handle(echo, (params) => params)
    client.notify(said, { text: '' })
    client.notify(said, {} as { text: string })
    await client.request(echo, { text: '' })
    expect(reported).toContain('async')
    expect(reported).toContain('sync')
    expect(reported.filter((each) => each.includes('text: '))).toHaveLength(2)
  })

  test('messages and raw frames share a connection, in order', async () => {
    const seen: string[] = []
    const { client, server } = pair(
      { codec: frameCodec(() => undefined) },
      { codec: frameCodec((type, payload) => seen.push(`${type}:${payload.toString()}`)) },
    )
    server.onNotice(said, ({ text }) => void seen.push(text))
    server.handle(echo, (params) => params)
    client.notify(said, { text: 'one' })
    client.wire.send({ data: encodeFrame(4, 'two'), handedOver: false, isWithdrawn: false })
    client.notify(said, { text: 'three' })
    await client.request(echo, { text: '' })
    expect(seen).toEqual(['one', '4:two', 'three'])
  })
})

type Step = {
  readonly do: 'request' | 'answer' | 'fail' | 'cancel' | 'turn' | 'cut'
  readonly which: number
  readonly from: 0 | 1
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('request', 'request', 'request', 'answer', 'answer', 'fail', 'cancel', 'turn', 'turn', 'cut'),
  which: fc.nat(20),
  from: fc.constantFrom(0, 1),
})

interface Asked {
  readonly text: string
  readonly from: 0 | 1
  readonly abort: AbortController
  settled: string[]
}

/** Drives two peers through the steps; gives back every request with how it was settled. */
async function play(steps: readonly Step[]): Promise<{ asked: Asked[]; handled: string[]; left: number }> {
  const ends = duplexPair({ highWaterMark: 256 })
  const peers = ends.map((end) => new Peer(end)) as [Peer, Peer]
  const asked: Asked[] = []
  const handled: string[] = []
  const inWork: { text: string; resolve: (value: { text: string }) => void; reject: (error: Error) => void }[] = []
  for (const peer of peers) {
    peer.handle(echo, ({ text }) => {
      handled.push(text)
      return new Promise((resolve, reject) => void inWork.push({ text, resolve, reject }))
    })
  }
  const settle = (one: Asked, how: string): void => void one.settled.push(how)
  for (const step of steps) {
    const work = inWork[step.which % Math.max(1, inWork.length)]
    if (step.do === 'request') {
      const one: Asked = {
        text: `${asked.length}${'.'.repeat(step.which * 10)}`,
        from: step.from,
        abort: new AbortController(),
        settled: [],
      }
      asked.push(one)
      peers[step.from].request(echo, { text: one.text }, { signal: one.abort.signal }).then(
        ({ text }) => settle(one, text === one.text ? 'answered' : `wrong: ${text}`),
        (error: WireError) =>
          settle(one, error.code === 'connection-lost' && !error.handedOver ? 'not sent' : error.code),
      )
    } else if (step.do === 'answer') work?.resolve({ text: work.text })
    else if (step.do === 'fail') work?.reject(protocolError('draining', 'refused'))
    else if (step.do === 'cancel') asked[step.which]?.abort.abort()
    else if (step.do === 'cut' && step.which === 0) peers[step.from].destroy()
    else await turn()
  }
  while (
    inWork.some(({ resolve, text }) => (resolve({ text }), false)) ||
    asked.some(({ settled }) => settled.length === 0)
  ) {
    await turn()
  }
  await turn()
  const left = peers[0].pendingRequests + peers[1].pendingRequests
  for (const peer of peers) peer.destroy()
  await Promise.all(peers.map((peer) => peer.closed))
  return { asked, handled, left }
}

describe('any interleaving', () => {
  test('I11 settles each request exactly once, handles it at most once, and never what was not sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 60 }), async (steps) => {
        const { asked, handled, left } = await play(steps)
        expect(left).toBe(0)
        expect(new Set(handled).size).toBe(handled.length)
        for (const { settled } of asked) {
          expect(settled).toHaveLength(1)
          expect(['answered', 'draining', 'cancelled', 'connection-lost', 'not sent']).toContain(settled[0])
        }
        const unsent = asked.filter(({ settled }) => settled[0] === 'not sent').map(({ text }) => text)
        expect(handled.filter((text) => unsent.includes(text))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
