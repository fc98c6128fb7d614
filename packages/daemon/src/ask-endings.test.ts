// Every way in which an ask can end other than with its answer, over a store and a keeper in memory.
import { describe, expect, test } from 'vitest'
import { ManualClock } from '@holdfast/lifecycle/testing'
import { finalOf, nobody, startAskDaemon, type AskDaemon } from './testing/ask-daemon.ts'
import { echoAgent, type EchoOptions, type Seen } from './testing/echo-agent.ts'
import { MemoryKeeper, type ProgramPorts } from './testing/memory-keeper.ts'
import { Disk } from './testing/memory-store.ts'

const silence = (): void => undefined
const line = (message: Record<string, unknown>): string => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`
const stops =
  (stopReason: string) =>
  (ports: ProgramPorts, id: string): void =>
    ports.write(line({ id, result: { stopReason } }))

function newWorld(on: EchoOptions['on'] = {}, canLoad = false) {
  const disk = new Disk()
  const seen: Seen[] = []
  const keeper = new MemoryKeeper((_spec, ports) => echoAgent(ports, { seen, canLoad, on }))
  return { disk, seen, keeper }
}

async function ask(daemon: AskDaemon, prompt: string) {
  const id = await daemon.create(prompt)
  return finalOf(daemon, id)
}

const running = async (daemon: AskDaemon, id: string): Promise<void> => {
  while (daemon.asks.book.open(id)?.record.state !== 'running') await new Promise((resolve) => setImmediate(resolve))
}
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

describe('an ask', () => {
  test.each([
    ['end_turn', 'done', 'degraded', /without any text/],
    ['max_tokens', 'done', 'degraded', /max_tokens/],
    ['refusal', 'failed', null, /refused/],
    ['cancelled', 'cancelled', null, /itself/],
  ])('I10 whose turn stops with %s is %s', async (stopReason, state, certainty, reason) => {
    const { disk, keeper } = newWorld({ stop: stops(stopReason) })
    const final = await ask(await startAskDaemon(disk, keeper), 'stop')
    expect(final).toMatchObject({ state, certainty, reply: '' })
    expect(final.reason).toMatch(reason)
  })

  test('I10 that the agent answers with an error fails with what it said', async () => {
    const error = { code: -32_603, message: 'Internal error', data: { details: 'no route' } }
    const { disk, keeper } = newWorld({ err: (ports, id) => ports.write(line({ id, error })) })
    const final = await ask(await startAskDaemon(disk, keeper), 'err')
    expect(final).toMatchObject({ state: 'failed', reply: '' })
    expect(final.reason).toContain('Internal error (no route) (code -32603)')
  })

  test('I10 whose agent exits fails with its last words, keeps what was said, and the next one has a new process', async () => {
    const { disk, keeper, seen } = newWorld({
      exit: (ports) => {
        const update = { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'half of' } }
        ports.write(line({ method: 'session/update', params: { sessionId: 'acp', update } }))
        ports.exit(3)
      },
    })
    const daemon = await startAskDaemon(disk, keeper)
    const [first, second] = await Promise.all([ask(daemon, 'exit'), ask(daemon, 'hello')])
    expect(first).toMatchObject({ state: 'failed', reply: 'half of' })
    expect(first.reason).toMatch(/exited with code 3.*its last line/)
    expect(second).toMatchObject({ state: 'done', reply: 'hello', certainty: 'exact' })
    expect(seen.map(({ text }) => text)).toEqual(['exit', 'hello'])
    await settled()
    expect([...keeper.children.keys()]).toEqual(keeper.spawned.slice(1))
    expect(daemon.troubles).toEqual([])
  })

  test('I10 whose agent closes its output and lives is settled, and that agent is ended', async () => {
    const { disk, keeper } = newWorld({ close: (ports) => ports.closeOutput() })
    const daemon = await startAskDaemon(disk, keeper)
    const final = await ask(daemon, 'close')
    expect(final).toMatchObject({ state: 'failed' })
    expect(final.reason).toContain('closed its output')
    expect(await ask(daemon, 'again')).toMatchObject({ state: 'done', reply: 'again' })
    await settled()
    expect(keeper.children.size).toBe(1)
  })

  test('I10 that is cancelled while it runs is told to the agent, and the session is free at once', async () => {
    const stopped: string[] = []
    const { disk, keeper } = newWorld({ wait: silence })
    const daemon = await startAskDaemon(disk, keeper)
    const id = await daemon.create('wait')
    const next = ask(daemon, 'next')
    await running(daemon, id)
    const cancelled = daemon.asks.cancel(id, 'not needed', new AbortController().signal)
    while (!keeper.given.some(({ tag }) => tag === `cancel:${id}`)) await settled()
    stopped.push(id)
    const child = [...keeper.children.values()][0]!
    child.sink!.data(child.output.length, Buffer.from(''))
    await settled()
    // The agent does not obey: after its time it is ended.
    daemon.clock.advance(10_000)
    expect(await cancelled).toMatchObject({ state: 'cancelled', reason: 'not needed' })
    expect(await next).toMatchObject({ state: 'done' })
    expect(stopped).toEqual([id])
  })

  test('I10 that waits and is cancelled is never sent', async () => {
    const { disk, keeper, seen } = newWorld({ wait: silence })
    const daemon = await startAskDaemon(disk, keeper)
    const first = await daemon.create('wait')
    const second = await daemon.create('never')
    await running(daemon, first)
    expect(daemon.asks.book.view(daemon.asks.book.open(second)!.record).position).toBe(1)
    expect(await daemon.asks.cancel(second, 'no', new AbortController().signal)).toMatchObject({ state: 'cancelled' })
    expect(seen.map(({ text }) => text)).toEqual(['wait'])
  })

  test('I10 I18 whose deadline passes is expired, also when it passes over a change of daemons', async () => {
    const clock = new ManualClock()
    const { disk, keeper } = newWorld({ wait: silence })
    const first = await startAskDaemon(disk, keeper, { clock })
    const id = await first.create('wait', { deadlineMs: 10_000 })
    const queued = await first.create('queued', { deadlineMs: 5000 })
    await running(first, id)
    clock.advance(4000)
    first.life.die()
    const second = await startAskDaemon(disk, keeper, { clock })
    await settled()
    expect(second.asks.book.open(queued)?.record.state).toBe('queued')
    clock.advance(1100)
    expect(await finalOf(second, queued)).toMatchObject({ state: 'expired' })
    await settled()
    expect(second.asks.book.open(id)?.record.state).toBe('running')
    clock.advance(5000)
    await settled()
    clock.advance(10_001)
    expect(await finalOf(second, id)).toMatchObject({ state: 'expired', reason: 'its deadline of 10000 ms passed' })
  })

  test('I7 I10 whose keeper is lost with the daemon is unknown, and says why; what waited goes on', async () => {
    const { disk, keeper, seen } = newWorld({ wait: silence }, true)
    const first = await startAskDaemon(disk, keeper)
    const id = await first.create('wait')
    const waiting = await first.create('hello')
    await running(first, id)
    while (seen.length === 0) await settled()
    first.life.die()
    keeper.children.clear()
    const second = await startAskDaemon(disk, keeper, { isKeeperLost: true })
    const final = await finalOf(second, id)
    expect(final.state).toBe('unknown')
    expect(final.reason).toContain('keeper')
    expect(await finalOf(second, waiting)).toMatchObject({ state: 'done', reply: 'hello' })
    expect(keeper.given.map(({ tag }) => tag)).toContain('session/load')
  })

  test('I7 I10 whose keeper is lost under a living daemon is unknown as well', async () => {
    const { disk, keeper, seen } = newWorld({ wait: silence })
    const daemon = await startAskDaemon(disk, keeper)
    const id = await daemon.create('wait')
    await running(daemon, id)
    while (seen.length === 0) await settled()
    keeper.children.clear()
    daemon.sessions.keeperLost()
    expect(await finalOf(daemon, id)).toMatchObject({ state: 'unknown' })
    expect(await ask(daemon, 'hello')).toMatchObject({ state: 'done', reply: 'hello' })
    expect(disk.events.map(({ type }) => type)).toContain('session.context-lost')
  })

  test('I10 of an agent that never gets ready fails in time, with all that wait for it, and the agent is ended', async () => {
    const disk = new Disk()
    const keeper = new MemoryKeeper(() => ({ read: silence }))
    const daemon = await startAskDaemon(disk, keeper)
    const [first, second] = [await daemon.create('a'), await daemon.create('b')]
    while (keeper.given.length === 0) await settled()
    await settled()
    daemon.clock.advance(60_001)
    const ended = await Promise.all([finalOf(daemon, first), finalOf(daemon, second)])
    expect(ended.map(({ state }) => state)).toEqual(['failed', 'failed'])
    expect(ended[0].reason).toMatch(/did not get ready in time.*its last line/)
    await settled()
    expect(keeper.children.size).toBe(0)
  })

  test('I10 fails with the reason when no keeper can be had', async () => {
    const { disk, keeper } = newWorld()
    const daemon = await startAskDaemon(disk, keeper, { keeperFailure: 'no keeper could be started: EMFILE' })
    const final = await ask(daemon, 'x')
    expect(final).toMatchObject({ state: 'failed' })
    expect(final.reason).toContain('EMFILE')
  })

  test('I10 asked twice under one key is one ask; the key with another prompt is refused', async () => {
    const { disk, keeper, seen } = newWorld()
    const daemon = await startAskDaemon(disk, keeper)
    const [first, second] = await Promise.all([
      daemon.create('same', { dedupeKey: 'k' }),
      daemon.create('same', { dedupeKey: 'k' }),
    ])
    expect(second).toBe(first)
    await finalOf(daemon, first)
    expect(await daemon.create('same', { dedupeKey: 'k' })).toBe(first)
    await expect(daemon.create('other', { dedupeKey: 'k' })).rejects.toMatchObject({ code: 'dedupe-mismatch' })
    expect(seen.length).toBe(1)
  })

  test('with a NUL, an impossible deadline or too much text is refused before it is accepted', async () => {
    const { disk, keeper } = newWorld()
    const daemon = await startAskDaemon(disk, keeper)
    await expect(daemon.create('a\0b')).rejects.toMatchObject({ code: 'prompt-has-nul', kind: 'usage' })
    await expect(daemon.create('a', { deadlineMs: 0 })).rejects.toMatchObject({ code: 'deadline-invalid' })
    await expect(daemon.create('a', { deadlineMs: Number.NaN })).rejects.toMatchObject({ code: 'deadline-invalid' })
    await expect(daemon.create('x'.repeat(9 * 1024 * 1024))).rejects.toMatchObject({ code: 'prompt-too-large' })
    expect(disk.bucket('ask').size).toBe(0)
    await expect(daemon.asks.get('a-none')).rejects.toMatchObject({ code: 'ask-unknown', kind: 'missing' })
  })

  test('of a leaving daemon is refused, in a way that can be tried again; what runs goes on with the next', async () => {
    const { disk, keeper, seen } = newWorld({ wait: silence })
    const first = await startAskDaemon(disk, keeper)
    const id = await first.create('wait')
    await running(first, id)
    const waiting = await first.create('after')
    first.asks.drain()
    await first.sessions.hold()
    await expect(first.create('late')).rejects.toMatchObject({ code: 'draining', retryable: true })
    first.life.die()
    const second = await startAskDaemon(disk, keeper)
    const child = [...keeper.children.values()][0]!
    const answer = Buffer.from(line({ id, result: { stopReason: 'end_turn' } }))
    const offset = child.output.length
    child.output = Buffer.concat([child.output, answer])
    child.sink!.data(offset, answer)
    expect(await finalOf(second, id)).toMatchObject({ state: 'done' })
    expect(await finalOf(second, waiting)).toMatchObject({ state: 'done', reply: 'after' })
    expect(seen.map(({ text }) => text)).toEqual(['wait', 'after'])
  })

  test('I17 the history is bounded, and forgets the oldest with all that belongs to them', async () => {
    const { disk, keeper } = newWorld()
    const daemon = await startAskDaemon(disk, keeper, { historyLimit: 5 })
    const ids: string[] = []
    for (let index = 0; index < 220; index += 1) {
      const id = await daemon.create(`p${index}`)
      ids.push(id)
      await finalOf(daemon, id)
    }
    while (disk.bucket('ask').size > 220) await settled()
    await settled()
    const kept = [...disk.bucket('ask').keys()].sort()
    expect(kept).toEqual(ids.slice(-kept.length))
    expect(kept.length).toBeLessThanOrEqual(5 + 200)
    for (const bucket of ['ask.prompt', 'ask.reply', 'ask.dedupe', 'ask.by-state', 'ask.by-project']) {
      expect(`${bucket} ${disk.bucket(bucket).size}`).toBe(`${bucket} ${kept.length}`)
    }
  })

  test('lists come from the indexes, newest first, by project and state', async () => {
    const { disk, keeper } = newWorld({ wait: silence })
    const daemon = await startAskDaemon(disk, keeper)
    const done = await daemon.create('a')
    await finalOf(daemon, done)
    const busy = await daemon.create('wait')
    const queued = await daemon.create('b')
    await running(daemon, busy)
    const idsOf = async (query: Parameters<typeof daemon.asks.list>[0]): Promise<string[]> =>
      (await daemon.asks.list(query)).asks.map(({ id }) => id)
    expect(await idsOf({})).toEqual([queued, busy, done])
    expect(await idsOf({ states: ['queued', 'running'], project: '/p' })).toEqual([queued, busy])
    expect(await idsOf({ project: '/elsewhere' })).toEqual([])
    expect(await idsOf({ limit: 1 })).toEqual([queued])
    expect(await daemon.asks.get(done)).toMatchObject({ prompt: 'a', reply: 'a', state: 'done' })
    expect(nobody.role).toBe('client')
  })
})
