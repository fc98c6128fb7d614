import { duplexPair } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'
import { DaemonClient, type DaemonClientOptions, type Reconnected } from './client.ts'
import { leavingNotice } from './contract/daemon.ts'
import { method, notice } from './contract/method.ts'
import { Peer } from './peer.ts'
import { protocolError, type WireError } from './wire-error.ts'

const Text = v.object({ text: v.string() })
const echo = method('echo', Text, Text)
const said = notice('said', Text)

/** Daemons that come one after the other, and a clock that only moves when somebody waits for it. */
function world(options: Partial<DaemonClientOptions<number>> = {}): World {
  const daemons: Peer[] = []
  const waits: number[] = []
  let nowMs = 0
  const self: World = {
    daemons,
    waits,
    serve: (peer) => peer.handle(echo, (params) => params),
    refuse: () => null,
    client: new DaemonClient<number>({
      connect: async () => {
        await turn()
        const refusal = self.refuse(daemons.length)
        if (refusal !== null) throw refusal
        const [mine, theirs] = duplexPair()
        const daemon = new Peer(theirs)
        self.serve(daemon, daemons.length)
        daemons.push(daemon)
        return { socket: mine, welcome: daemons.length }
      },
      budgetMs: 10_000,
      monotonicMs: () => nowMs,
      random: () => 0.5,
      timers: {
        setTimer: (ms, fn) => {
          waits.push(ms)
          const handle = setImmediate(() => ((nowMs += ms), fn()))
          return { cancel: () => clearImmediate(handle) }
        },
      },
      ...options,
    }),
  }
  return self
}

interface World {
  readonly daemons: Peer[]
  readonly waits: number[]
  readonly client: DaemonClient<number>
  serve(peer: Peer, index: number): void
  refuse(index: number): Error | null
}

async function errorOf(promise: Promise<unknown>): Promise<WireError> {
  try {
    await promise
  } catch (error) {
    return error as WireError
  }
  throw new Error('it did not reject')
}

/** A daemon that dies on its first request. */
function diesOnFirst(peer: Peer, index: number): void {
  peer.handle(echo, (params) => {
    if (index > 0) return params
    peer.destroy()
    return new Promise(() => undefined)
  })
}

describe('DaemonClient', () => {
  test('connects on the first request and uses the next daemon after a death', async () => {
    const { client, daemons } = world()
    expect(client.welcome).toBeNull()
    expect(await client.request(echo, { text: 'a' })).toEqual({ text: 'a' })
    expect(client.welcome).toBe(1)
    daemons[0]?.destroy()
    await daemons[0]?.closed
    await turn()
    expect(await client.request(echo, { text: 'b' })).toEqual({ text: 'b' })
    expect(client.welcome).toBe(2)
  })

  test('I11 what may have been handed over is not sent again, unless it is idempotent', async () => {
    const unsafe = world()
    unsafe.serve = diesOnFirst
    expect(await errorOf(unsafe.client.request(echo, { text: 'a' }))).toMatchObject({
      code: 'connection-lost',
      handedOver: true,
    })
    expect(unsafe.daemons).toHaveLength(1)
    const safe = world()
    safe.serve = diesOnFirst
    expect(await safe.client.request(echo, { text: 'a' }, { isIdempotent: true })).toEqual({ text: 'a' })
    expect(safe.daemons).toHaveLength(2)
  })

  test('I11 a refusal by a daemon that leaves is sent again to the next one', async () => {
    const self = world()
    self.serve = (peer, index) =>
      peer.handle(echo, (params) => {
        if (index > 0) return params
        setImmediate(() => peer.close())
        throw protocolError('draining', 'the daemon is leaving')
      })
    expect(await self.client.request(echo, { text: 'a' })).toEqual({ text: 'a' })
    expect(self.daemons).toHaveLength(2)
  })

  test('after $/leaving new requests go to the next daemon, running ones end where they are', async () => {
    const self = world()
    const gate = Promise.withResolvers<void>()
    self.serve = (peer, index) =>
      peer.handle(echo, async ({ text }) => {
        if (index === 0) await gate.promise
        return { text: `${text}${index}` }
      })
    const running = self.client.request(echo, { text: 'old' })
    while (self.daemons.length === 0) await turn()
    self.daemons[0]?.notify(leavingNotice, { reason: 'upgrade' })
    await turn()
    await turn()
    const next = self.client.request(echo, { text: 'new' })
    await turn()
    gate.resolve()
    expect(await running).toEqual({ text: 'old0' })
    self.daemons[0]?.close()
    expect(await next).toEqual({ text: 'new1' })
  })

  test('onReconnect is done before any waiting request is sent, and handlers are on each connection', async () => {
    const self = world()
    const order: string[] = []
    const heard: string[] = []
    self.serve = (peer, index) =>
      peer.handle(echo, async ({ text }) => {
        order.push(`${index}:${text}`)
        if (text === 'call back') return await peer.request(echo, { text: 'from daemon' })
        peer.notify(said, { text })
        return { text }
      })
    self.client.handle(echo, ({ text }) => ({ text: `${text}, answered` }))
    self.client.onNotice(said, ({ text }) => void heard.push(text))
    const seen: Reconnected<number>[] = []
    self.client.onReconnect(async (reconnected) => {
      seen.push(reconnected)
      await reconnected.peer.request(echo, { text: 'greeting' })
    })
    await Promise.all([self.client.request(echo, { text: 'x' }), self.client.request(echo, { text: 'y' })])
    self.daemons[0]?.destroy()
    await turn()
    expect(await self.client.request(echo, { text: 'call back' })).toEqual({ text: 'from daemon, answered' })
    expect(order).toEqual(['0:greeting', '0:x', '0:y', '1:greeting', '1:call back'])
    expect(seen.map(({ isFirst, welcome }) => [isFirst, welcome])).toEqual([
      [true, 1],
      [false, 2],
    ])
    expect(heard).toEqual(['greeting', 'x', 'y', 'greeting'])
  })

  test('a daemon that dies while it is greeted is followed by another attempt', async () => {
    const self = world()
    self.serve = diesOnFirst
    self.client.onReconnect(async ({ peer }) => void (await peer.request(echo, { text: 'greeting' })))
    expect(await self.client.request(echo, { text: 'x' })).toEqual({ text: 'x' })
    expect(self.daemons).toHaveLength(2)
  })

  test('I17 I18 attempts back off with jitter inside the budget, then the request fails with the cause', async () => {
    const self = world()
    self.refuse = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    expect(await errorOf(self.client.request(echo, { text: 'x' }))).toMatchObject({
      code: 'daemon-unavailable',
      exitCode: 4,
      handedOver: false,
      message: 'no daemon could be reached: connect ECONNREFUSED',
    })
    expect(self.waits.slice(0, 7)).toEqual([15, 30, 60, 120, 240, 480, 750])
    expect(self.waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(10_000)
  })

  test('an error that says that trying again is of no use ends the attempts at once', async () => {
    const self = world()
    self.refuse = () => Object.assign(new Error('not yours'), { code: 'forbidden', kind: 'denied', retryable: false })
    expect(await errorOf(self.client.request(echo, { text: 'x' }))).toMatchObject({ code: 'forbidden', kind: 'denied' })
    expect(self.waits).toEqual([])
  })

  test('a client that stays connected is reconnected without a request', async () => {
    const again = Promise.withResolvers<void>()
    const self = world({ staysConnected: true })
    self.client.onReconnect(({ isFirst }) => (isFirst ? undefined : again.resolve()))
    await self.client.connect()
    self.daemons[0]?.destroy()
    await again.promise
    expect(self.daemons).toHaveLength(2)
    const gone = Promise.withResolvers<WireError>()
    const lonely = world({ staysConnected: true, onUnavailable: gone.resolve })
    lonely.refuse = (index) => (index === 0 ? null : new Error('nobody there'))
    await lonely.client.connect()
    lonely.daemons[0]?.destroy()
    expect(await gone.promise).toMatchObject({ code: 'daemon-unavailable' })
  })

  test('waiting can be cancelled, and a closed client connects no more', async () => {
    const self = world()
    const abort = new AbortController()
    self.refuse = () => new Error('nobody there')
    const asked = errorOf(self.client.request(echo, { text: 'x' }, { signal: abort.signal }))
    abort.abort()
    expect(await asked).toMatchObject({ code: 'cancelled', handedOver: false })
    self.refuse = () => null
    await self.client.request(echo, { text: 'x' })
    self.client.close()
    await self.daemons[0]?.closed
    expect(await errorOf(self.client.request(echo, { text: 'x' }))).toMatchObject({ code: 'connection-lost' })
    expect(self.client.notify(said, { text: 'x' })).toBe('closed')
    expect(self.daemons).toHaveLength(1)
  })
})

test('backoff doubles from the first wait to the largest, and jitter is half of it', () => {
  const policy = { firstMs: 20, maxMs: 1000 }
  expect([0, 1, 2, 5, 6, 1000].map((attempt) => backoffMs(attempt, 1, policy))).toEqual([20, 40, 80, 640, 1000, 1000])
  expect(backoffMs(3, 0, policy)).toBe(80)
})
