import { afterEach, beforeEach, expect, test } from 'vitest'
import { mcpList } from '@holdfast/protocol'
import { Rig, TestHost, textOf } from './testing/rig.ts'

let rig: Rig

beforeEach(async () => {
  rig = await new Rig().start()
})

afterEach(async () => {
  await rig[Symbol.asyncDispose]()
})

test('one server for two hosts, initialised once; each hears its own revision', async () => {
  const daemon = await rig.daemon()
  const [one, two] = [new TestHost('one'), new TestHost('two')]
  await Promise.all([one.open(daemon), two.open(daemon)])
  const [hello] = await Promise.all([one.hello(), two.hello()])
  expect(hello.result).toMatchObject({ protocolVersion: '2025-03-26', serverInfo: { name: 'counter' } })
  expect(await daemon.keeper.list()).toHaveLength(1)
})

test('I11 colliding ids of two hosts keep their type and their owner', async () => {
  const daemon = await rig.daemon()
  const [one, two] = [new TestHost('one'), new TestHost('two')]
  await Promise.all([one.open(daemon), two.open(daemon)])
  const answers = await Promise.all([
    one.call(1, 'echo', { text: 'one 1' }),
    one.call('1', 'echo', { text: 'one "1"' }),
    two.call(1, 'echo', { text: 'two 1' }),
    two.call('1', 'echo', { text: 'two "1"' }),
  ])
  expect(answers.map(textOf)).toEqual(['one 1', 'one "1"', 'two 1', 'two "1"'])
})

test('I11 a duplicate id in flight is refused and the first is answered', async () => {
  const daemon = await rig.daemon()
  const host = new TestHost('one')
  await host.open(daemon)
  host.send({ id: 1, method: 'tools/call', params: { name: 'slow', arguments: { key: 'a', ms: 300 } } })
  host.send({ id: 1, method: 'tools/call', params: { name: 'echo', arguments: { text: 'b' } } })
  const refused = await host.answer(1)
  expect(refused.error?.code).toBe(-32_600)
  host.pending.set('1', {})
  await host.until(() => (host.answersTo(1) === 2 ? true : undefined))
  expect(rig.executed()).toEqual(['slow a'])
})

test('I11 600 KB of text in many scripts come back as they were', async () => {
  const daemon = await rig.daemon()
  const host = new TestHost('one')
  await host.open(daemon)
  const text = 'aé漢字🪢\u2028"\\'.repeat(40_000)
  // Compared as a truth: a difference would be printed whole.
  expect(textOf(await host.call(1, 'echo', { text })) === text).toBe(true)
})

test('I17 answers of 20 MB pass, and one over the limit is an error', async () => {
  const daemon = await rig.daemon()
  const host = new TestHost('one')
  await host.open(daemon)
  const big = textOf(await host.call(1, 'repeat', { text: 'é', times: 10_000_000 }))
  expect(big === 'é'.repeat(10_000_000)).toBe(true)
  const tooBig = await host.call(2, 'repeat', { text: 'x', times: 70_000_000 })
  expect(tooBig.error?.message).toMatch(/^server "counter" sent a message of 70\d{6} bytes; the limit is 67108864/)
  expect(textOf(await host.call(3, 'echo', { text: 'after' }))).toBe('after')
})

test('I11 calls in flight when the daemon dies get one answer each from the same process, and run once', async () => {
  const first = await rig.daemon()
  const host = new TestHost('one')
  await host.open(first)
  await host.hello()
  const pid = (await first.keeper.list())[0]?.pid
  const answers = Array.from({ length: 20 }, (_, index) =>
    host.call(index, 'slow', { key: index, ms: 400 + index * 10 }),
  )
  await expect.poll(() => rig.executed().length).toBe(20)
  const second = await rig.daemon()
  await host.open(second)
  const texts = (await Promise.all(answers)).map(textOf)
  expect(texts).toEqual(Array.from({ length: 20 }, (_, index) => `slow ${index} ${pid}`))
  expect(rig.executed().toSorted()).toEqual(Array.from({ length: 20 }, (_, index) => `slow ${index}`).toSorted())
  expect((await second.keeper.list()).map((each) => each.pid)).toEqual([pid])
})

test('I11 an answer that came while no daemon ran is delivered, one that was not confirmed is delivered again', async () => {
  const first = await rig.daemon()
  const host = new TestHost('one')
  await host.open(first)
  await host.hello()
  host.confirms = false
  await host.call('seen', 'echo', { text: 'x' })
  const late = host.call('late', 'slow', { key: 'late', ms: 100 })
  await expect.poll(() => rig.executed().length).toBe(2)
  await first.kill()
  // The host never saw it, as far as anyone but the test knows.
  host.pending.set('"seen"', {
    jsonrpc: '2.0',
    id: 'seen',
    method: 'tools/call',
    params: { name: 'echo', arguments: {} },
  })
  const keeper = await rig.keeper.connect(2)
  await expect.poll(async () => (await keeper.list())[0]?.endOffset).toBeGreaterThan(350)
  keeper.close()
  const second = await rig.daemon()
  host.confirms = true
  await host.open(second)
  expect(textOf(await late)).toMatch(/^slow late/)
  await host.until(() => (host.answersTo('seen') === 2 ? true : undefined))
  expect(rig.executed()).toEqual(['echo undefined', 'slow late'])
})

test('I11 a server that dies in a call: the call may have run, a read-only one is sent again', async () => {
  const daemon = await rig.daemon()
  const host = new TestHost('one')
  await host.open(daemon)
  await host.hello()
  const slow = host.call(1, 'slow', { key: 'w', ms: 60_000 })
  const peek = host.call(2, 'peek', { key: 'r', ms: 500 })
  await expect.poll(() => rig.executed().length).toBe(2)
  const exit = await host.call(3, 'exit', { code: 7 })
  for (const failed of [exit, await slow]) {
    expect(failed.error?.data?.holdfast).toMatchObject({ code: 'mcp-server-died', mayHaveRun: true })
    expect(failed.error?.message).toMatch(/server "counter" ended with exit code 7 .*leaving as asked/s)
  }
  expect(textOf(await peek)).toMatch(/^peek r/)
  expect(rig.executed().filter((each) => each === 'slow w')).toHaveLength(1)
  expect(textOf(await host.call(4, 'echo', { text: 'again' }))).toBe('again')
})

test('I11 a keeper that is gone with a request: it may have run', async () => {
  const first = await rig.daemon()
  const host = new TestHost('one')
  await host.open(first)
  const slow = host.call(1, 'slow', { key: 'k', ms: 60_000 })
  await expect.poll(() => rig.executed().length).toBe(1)
  const second = await rig.daemon()
  await second.keeper.terminate((await second.keeper.list())[0]!.id, 0)
  await second.keeper.forget((await second.keeper.list())[0]!.id)
  const third = await rig.daemon()
  host.holder = 'another keeper'
  await host.open(third)
  expect((await slow).error?.data?.holdfast).toMatchObject({ code: 'mcp-unknowable', mayHaveRun: true })
  expect(rig.executed()).toEqual(['slow k'])
})

test('a cancelled request is cancelled at the server and never answered', async () => {
  const daemon = await rig.daemon()
  const host = new TestHost('one')
  await host.open(daemon)
  await host.hello()
  host.send({ id: 5, method: 'tools/call', params: { name: 'slow', arguments: { key: 'c', ms: 200 } } })
  await expect.poll(() => rig.executed().length).toBe(1)
  host.send({ method: 'notifications/cancelled', params: { requestId: 5 } })
  expect(textOf(await host.call(6, 'slow', { key: 'd', ms: 400 }))).toMatch(/^slow d/)
  expect(host.answersTo(5)).toBe(0)
  expect(rig.executed()).toEqual(['slow c', 'cancelled', 'slow d'])
})

test('progress reaches the host that asked for it, under its own token', async () => {
  const daemon = await rig.daemon()
  const [one, two] = [new TestHost('one'), new TestHost('two')]
  await Promise.all([one.open(daemon), two.open(daemon)])
  await Promise.all([one.hello(), two.hello()])
  await Promise.all([
    one.call(1, 'progress', {}, { progressToken: 7 }),
    two.call(1, 'progress', {}, { progressToken: '7' }),
  ])
  const tokens = (host: TestHost): unknown[] =>
    host.got.filter((each) => each.method !== undefined).map((each) => each.params?.['progressToken'])
  expect(tokens(one)).toEqual([7, 7, 7])
  expect(tokens(two)).toEqual(['7', '7', '7'])
})

test('a question of the server goes to the one host that it can be for, or is refused', async () => {
  const daemon = await rig.daemon()
  const [able, plain] = [new TestHost('able'), new TestHost('plain')]
  await Promise.all([able.open(daemon), plain.open(daemon)])
  await able.hello({ sampling: {} })
  await plain.hello()
  const asked = able.call(1, 'sample')
  const question = await able.until(() => able.got.find((each) => each.method === 'sampling/createMessage'))
  able.send({ id: question.id, result: { role: 'assistant', content: { type: 'text', text: 'hi' } } })
  expect(JSON.parse(textOf(await asked))).toMatchObject({ id: 'q1', result: { role: 'assistant' } })
  expect(JSON.parse(textOf(await plain.call(1, 'sample')))).toMatchObject({ error: { code: -32_601 } })
})

test('changed lists are told to all hosts', async () => {
  const daemon = await rig.daemon()
  const [one, two] = [new TestHost('one'), new TestHost('two')]
  await Promise.all([one.open(daemon), two.open(daemon)])
  await Promise.all([one.hello(), two.hello()])
  await one.call(1, 'notify')
  for (const host of [one, two]) {
    const told = await host.until(() => host.got.find((each) => each.method !== undefined))
    expect(told.method).toBe('notifications/tools/list_changed')
  }
})

test('a server that cannot be started fails in bounded time, with what it wrote', async () => {
  rig.specs = {
    leaves: { args: ['-e', 'console.error("no licence"); process.exit(4)'] },
    silent: { args: ['-e', 'process.stdin.resume()'], startTimeoutMs: 500 },
    noisy: { args: ['-e', 'console.log("Server ready on port 1"); process.stdin.resume()'], startTimeoutMs: 500 },
    binary: {
      args: ['-e', 'process.stdout.write(Buffer.alloc(100000, 200)); process.stdin.resume()'],
      startTimeoutMs: 500,
    },
    absent: { command: '/nowhere/at-all' },
  }
  const daemon = await rig.daemon()
  const messages: Record<string, string | undefined> = {}
  for (const server of Object.keys(rig.specs)) {
    const host = new TestHost(server)
    await host.open(daemon, server)
    messages[server] = (await host.hello()).error?.message
  }
  expect(messages['leaves']).toMatch(/ended with exit code 4 before it answered initialize\nIt wrote last:\nno licence/)
  expect(messages['silent']).toMatch(/did not answer initialize within 500 ms/)
  expect(messages['noisy']).toMatch(/which is for MCP only:\nServer ready on port 1/)
  expect(messages['binary']).toMatch(/did not answer initialize/)
  expect(messages['absent']).toMatch(/nowhere/)
  await expect(new TestHost('x').open(daemon, 'nope')).rejects.toThrow(
    /"nope" is not configured.* known servers: leaves, silent/,
  )
})

test('mcp.list probes servers at once, each within its own time', async () => {
  rig.specs = { counter: {}, silent: { args: ['-e', 'process.stdin.resume()'] } }
  const daemon = await rig.daemon()
  const peer = daemon.connect()
  const before = await peer.request(mcpList, { project: '/p' })
  expect(before.servers.map((each) => each.state)).toEqual(['configured', 'configured'])
  const { servers } = await peer.request(mcpList, { project: '/p', probe: true, timeoutMs: 3000 })
  expect(servers).toMatchObject([
    { name: 'counter', state: 'ready', version: '1.0.0' },
    { name: 'silent', state: 'failed', error: 'server "silent" did not answer within 3000 ms' },
  ])
  expect(servers[0]?.tools).toHaveLength(7)
})
