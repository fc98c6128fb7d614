// Asks on real processes: the built daemon, its keeper, the guide and fixture agents; the daemon is killed at random moments.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { askChunk, listAgents, listAsks, waitAsk } from '@holdfast/protocol'
import { describe, expect, test } from 'vitest'
import { until } from '../../../tests/rig/until.ts'
import { RealDaemon } from './testing/real-daemon.ts'

const hard = `EOF\n<<'EOF' $(touch x) \`id\` "quotes" 'single' \\ \u{1F980} e\u0301 \u2028 \r\n`

describe('an ask to a real agent', () => {
  test('I10 is answered byte for byte, whatever is in it', async () => {
    const world = new RealDaemon()
    const link = await world.link()
    const text = `${hard}${'long '.repeat(220_000)}end`
    expect(text.length).toBeGreaterThan(1024 * 1024)
    const ask = await world.ask(link, `repeat after me: ${text}`)
    expect({ ...ask, reply: ask.reply === text }).toMatchObject({ state: 'done', certainty: 'exact', reply: true })
  })

  test('I17 streams its text from any offset', async () => {
    const world = new RealDaemon()
    const link = await world.link()
    const { id } = await world.create(link, 'take 400 ms: repeat after me: one two three four five')
    const pieces: string[] = []
    link.client.onNotice(askChunk, ({ offset, text }) => void pieces.push(`${offset}:${text}`))
    await link.client.request(waitAsk, { id, stream: true, from: 4 })
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces[0]).toMatch(/^4:two/)
    expect(pieces.map((piece) => piece.slice(piece.indexOf(':') + 1)).join('')).toBe('two three four five')
  })

  test('I10 waits its turn in its session; other sessions and projects go on beside it', async () => {
    const world = new RealDaemon()
    world.configure({ counts: 'acp-counts-prompts' })
    const link = await world.link()
    const elsewhere = join(world.holdfast.home, 'elsewhere')
    mkdirSync(elsewhere)
    const busy = await world.create(link, 'take 1 minute: repeat after me: x')
    const queued = await world.create(link, 'how many prompts have you seen?')
    const others = [
      await world.ask(link, 'how many prompts have you seen?', { session: 'other' }),
      await world.ask(link, 'how many prompts have you seen?', { project: elsewhere }),
    ]
    expect(others.map(({ reply }) => reply)).toEqual(['I have seen 1 prompt.', 'I have seen 1 prompt.'])
    expect(await world.get(link, queued.id)).toMatchObject({ state: 'queued', position: 1 })
    expect(await world.cancel(link, busy.id)).toMatchObject({ state: 'cancelled' })
    expect(await world.wait(link, queued.id)).toMatchObject({ state: 'done', reply: 'I have seen 2 prompts.' })
    const { asks } = await link.client.request(listAsks, { project: elsewhere })
    expect(asks.length).toBe(1)
  })

  test('I10 whose caller is gone is cancelled at once, unless it said that it would not wait', async () => {
    const world = new RealDaemon()
    const link = await world.link()
    const caller = await world.link()
    const waited = await world.create(caller, 'take 1 minute: repeat after me: x', { cancelOnExit: true })
    const left = await world.create(caller, 'repeat after me: y')
    await world.running(link, waited.id)
    caller.client.close()
    await until('it is cancelled', async () => (await world.get(link, waited.id)).state === 'cancelled')
    expect(await world.wait(link, left.id)).toMatchObject({ state: 'done', reply: 'y' })
  })

  test('I18 past its deadline is expired, and its session is free', async () => {
    const world = new RealDaemon()
    const link = await world.link()
    const late = await world.ask(link, 'take 1 minute: repeat after me: a b c', { deadlineMs: 500 })
    expect(late).toMatchObject({ state: 'expired', reason: 'its deadline of 500 ms passed' })
    expect(await world.ask(link, 'repeat after me: z')).toMatchObject({ state: 'done', reply: 'z' })
  })

  test.each([
    ['acp-closes-stdout', 'failed', /closed its output before it answered/],
    ['acp-exits', 'failed', /exited with code 3 before it answered.*the licence has ended/],
  ])('I10 of %s ends as %s', async (fixture, state, reason) => {
    const world = new RealDaemon()
    world.configure({ agent: fixture })
    const link = await world.link()
    const ask = await world.ask(link, 'hello', { agent: 'agent' })
    expect(ask.state).toBe(state)
    expect(ask.reason).toMatch(reason)
    await until('the agent is ended', () => world.holdfast.children().length === 0)
  })

  test('an agent that writes garbage is understood, and it is said once', async () => {
    const world = new RealDaemon()
    world.configure({ agent: 'acp-garbage' })
    const link = await world.link()
    expect(await world.ask(link, 'hello', { agent: 'agent' })).toMatchObject({ state: 'done', reply: 'hello' })
  })

  test('an agent that asks back is answered by policy, and gets nothing that was not offered', async () => {
    const world = new RealDaemon()
    world.configure({ agent: 'acp-asks-back' })
    const link = await world.link()
    const { reply } = await world.ask(link, 'hello', { agent: 'agent' })
    expect(reply).toContain('{"outcome":{"outcome":"selected","optionId":"no"}}')
    expect(reply?.match(/-32601/g)).toHaveLength(2)
    world.configure({ agent: 'acp-asks-back' }, {}, { permissions: 'allow' })
    expect((await world.ask(link, 'hello', { agent: 'agent', session: 'second' })).reply).toContain('"optionId":"yes"')
  })

  test('agents that cannot run are refused or fail with the reason', async () => {
    const world = new RealDaemon()
    world.holdfast.writeConfig({
      agents: {
        nowhere: { command: '/no/such/program' },
        screen: { driver: 'tui', command: 'x' },
        false: { command: 'false' },
      },
    })
    const link = await world.link()
    await expect(world.create(link, 'x', { agent: 'guid' })).rejects.toMatchObject({ code: 'agent-unknown' })
    await expect(world.create(link, 'x', { agent: 'nowhere' })).rejects.toThrow('/no/such/program')
    await expect(world.create(link, 'x', { agent: 'screen' })).rejects.toThrow('"tui" does not run yet')
    const failed = await world.ask(link, 'x', { agent: 'false' })
    expect(failed).toMatchObject({ state: 'failed' })
    expect(failed.reason).toContain('exited with code 1 before it was ready')
    const { agents } = await link.client.request(listAgents, { project: world.project })
    expect(agents.find(({ name }) => name === 'guide')).toMatchObject({ ready: true, driver: 'acp' })
    expect(agents.find(({ name }) => name === 'nowhere')).toMatchObject({ ready: false })
  })
})

describe('kill -9 of the daemon', () => {
  test('I7 I9 I10 at random moments: every ask is done, seen once, by the same process', async () => {
    const world = new RealDaemon()
    world.configure({ counts: 'acp-counts-prompts' }, { TAKE_MS: '400' })
    const link = await world.link()
    const rounds = 12
    let agentPid = 0
    for (let round = 0; round < rounds; round += 1) {
      const text = `round ${round} ${hard}${'word '.repeat(40)}`
      const { id } = await world.create(link, text, { agent: 'counts' })
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 600))
      await world.kill('daemon')
      const ask = await world.wait(link, id)
      expect(ask).toMatchObject({ id, state: 'done', reply: text })
      const [agent] = await world.agents(link)
      agentPid ||= agent?.pid ?? 0
      expect(agent?.pid).toBe(agentPid)
    }
    const seen = world.seen()
    expect(seen.length).toBe(rounds)
    expect(new Set(seen.map(({ id }) => id)).size).toBe(rounds)
    expect(new Set(seen.map(({ pid }) => pid))).toEqual(new Set([agentPid]))
  })

  test('I10 with many asks queued and running: all are answered, each once', async () => {
    const world = new RealDaemon()
    world.configure({ counts: 'acp-counts-prompts' }, { TAKE_MS: '30' })
    const link = await world.link()
    const ids: string[] = []
    for (let index = 0; index < 30; index += 1) {
      ids.push((await world.create(link, `number ${index}`, { agent: 'counts', session: `s${index % 3}` })).id)
    }
    for (let kills = 0; kills < 5; kills += 1) {
      await world.kill('daemon')
      await world.get(link, ids[0] ?? '')
    }
    const ended = await Promise.all(ids.map((id) => world.wait(link, id)))
    expect(ended.map(({ state, reply }) => `${state} ${reply}`)).toEqual(ids.map((_, index) => `done number ${index}`))
    expect(
      world
        .seen()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(ids)
  })
})

describe('kill -9 of the keeper', () => {
  test('I7 I10 an ask that ran is unknown and says why; what waited is answered by a new process', async () => {
    const world = new RealDaemon()
    const link = await world.link()
    const { id } = await world.create(link, 'take 1 minute: repeat after me: x y')
    await world.running(link, id)
    const [agent] = await until('the agent is there', async () => {
      const agents = await world.agents(link)
      return agents.length > 0 && agents
    })
    const waiting = await world.create(link, 'repeat after me: z')
    await world.kill('keeper')
    const ended = await world.wait(link, id)
    expect(ended.state).toBe('unknown')
    expect(ended.reason).toContain('keeper')
    expect(await world.wait(link, waiting.id)).toMatchObject({ state: 'done', reply: 'z' })
    expect(world.holdfast.children().map(({ pid }) => pid)).not.toContain(agent?.pid)
  })

  test('I7 I8 I10 together with the daemon: the same, by the next daemon', async () => {
    const world = new RealDaemon()
    const link = await world.link()
    const { id } = await world.create(link, 'take 1 minute: repeat after me: x y')
    await world.running(link, id)
    await until('the agent is there', () => world.holdfast.children().length > 0)
    const before = world.holdfast.children().map(({ pid }) => pid)
    await Promise.all([world.kill('keeper'), world.kill('daemon')])
    expect(await world.wait(link, id)).toMatchObject({ state: 'unknown' })
    expect(await world.ask(link, 'repeat after me: z')).toMatchObject({ state: 'done', reply: 'z' })
    const after = world.holdfast.children().map(({ pid }) => pid)
    expect(after.filter((pid) => before.includes(pid))).toEqual([])
  })
})
