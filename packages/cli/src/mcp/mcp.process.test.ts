// Real hosts (the official client) over `holdfast mcp proxy`, real servers, and a daemon that is killed under them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterEach, expect, test } from 'vitest'
import { bin, Holdfast, root } from '../../../../tests/rig/holdfast.ts'
import { until } from '../../../../tests/rig/until.ts'

const everything = join(root, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js')
const counter = join(root, 'tests/fixtures/mcp-counter.ts')
const hosts: Client[] = []

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((each) => each.close()))
})

function holdfast(): Holdfast {
  const own = new Holdfast()
  const servers = {
    everything: { command: process.execPath, args: [everything, 'stdio'] },
    counter: { command: process.execPath, args: [counter], env: { COUNT_FILE: join(own.home, 'counts') } },
  }
  own.writeConfig({ mcpServers: servers })
  return own
}

async function host(own: Holdfast, server: string): Promise<{ client: Client; pid: number }> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [bin, 'mcp', 'proxy', server],
    env: own.environment(),
    cwd: own.project,
    stderr: 'pipe',
  })
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(transport)
  hosts.push(client)
  return { client, pid: transport.pid ?? 0 }
}

async function call(client: Client, name: string, given: Record<string, unknown>): Promise<string> {
  const result = await client.callTool({ name, arguments: given }, undefined, { timeout: 100_000 })
  return (result.content as { text: string }[])[0]?.text ?? ''
}

/** The daemon that serves; after a kill the host's proxy starts the next one. */
function daemonPid(own: Holdfast): Promise<number> {
  return until('a daemon serves', async () => {
    const { daemon } = await own.json<{ daemon: { pid: number } | null }>(['status'])
    return daemon?.pid
  })
}

async function serverPids(own: Holdfast): Promise<(number | null)[]> {
  const { processes } = await own.json<{ processes: { kind: string; pid: number | null }[] }>(['ps'])
  return processes.filter((each) => each.kind === 'mcp').map((each) => each.pid)
}

function executed(own: Holdfast): string[] {
  return readFileSync(join(own.home, 'counts'), 'utf8').trim().split('\n')
}

test('a call of a server that cannot be opened says why, each time', async () => {
  const own = new Holdfast()
  own.writeConfig({ mcpServers: { web: { url: 'http://localhost:1' }, off: { command: 'cat', disabled: true } } })
  await own.up()
  for (let round = 0; round < 5; round++) {
    expect(await own.run(['mcp', 'call', 'web.x'])).toMatchObject({ code: 5, stderr: expect.stringContaining('"url"') })
    expect(await own.run(['mcp', 'call', 'off.x'])).toMatchObject({ stderr: expect.stringContaining('disabled') })
    expect(await own.run(['mcp', 'call', 'nope.x'])).toMatchObject({ code: 3 })
  }
})

test('I11 the official client over a proxy: tools, a call, text in many scripts as it was', async () => {
  const own = holdfast()
  const { client, pid } = await host(own, 'everything')
  expect(client.getServerVersion()?.name).toMatch(/everything/)
  expect((await client.listTools()).tools.map((each) => each.name)).toContain('echo')
  const text = 'aé漢字🪢\u2028'.repeat(40_000)
  expect((await call(client, 'echo', { message: text })) === `Echo: ${text}`).toBe(true)
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  expect(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])).toBeGreaterThan(0)
})

test('I7 I11 kill -9 of the daemon during 20 calls of two hosts: one reply each, the same server, nothing ran twice', async () => {
  const own = holdfast()
  const [one, two] = await Promise.all([host(own, 'counter'), host(own, 'counter')])
  const before = await serverPids(own)
  expect(before).toHaveLength(1)
  const calls = Array.from({ length: 20 }, (_, index) =>
    call((index % 2 === 0 ? one : two).client, 'slow', { key: `k${index}`, ms: 1_000 + index * 20 }),
  )
  await expect.poll(() => executed(own).length, { timeout: 60_000 }).toBe(20)
  process.kill(await daemonPid(own), 'SIGKILL')
  const answers = await Promise.all(calls)
  expect(answers).toEqual(Array.from({ length: 20 }, (_, index) => `slow k${index} ${before[0]}`))
  expect(executed(own).toSorted()).toEqual(Array.from({ length: 20 }, (_, index) => `slow k${index}`).toSorted())
  expect(await serverPids(own)).toEqual(before)
})

test('I11 I17 kill -9 of the daemon at any moment: every call has one reply and ran at most once', async () => {
  const own = holdfast()
  const { client } = await host(own, 'counter')
  for (let round = 0; round < 8; round++) {
    const calls = Array.from({ length: 20 }, (_, index) =>
      call(client, 'slow', { key: `${round}.${index}`, ms: 30 * index }),
    )
    const pid = await daemonPid(own)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 300))
    process.kill(pid, 'SIGKILL')
    const answers = await Promise.all(calls)
    expect(answers.map((each) => each.replace(/ \d+$/, ''))).toEqual(
      Array.from({ length: 20 }, (_, index) => `slow ${round}.${index}`),
    )
  }
  const expected = Array.from({ length: 160 }, (_, at) => `slow ${Math.floor(at / 20)}.${at % 20}`)
  // A reply that arrived just before a kill: the next daemon may tell the server that nobody waits for it.
  const ran = executed(own).filter((line) => line !== 'cancelled')
  expect(ran.toSorted()).toEqual(expected.toSorted())
})

test('I11 cancel and progress reach the right host, through a kill of the daemon', async () => {
  const own = holdfast()
  const [one, two] = await Promise.all([host(own, 'counter'), host(own, 'counter')])
  const abort = new AbortController()
  const given = { name: 'slow', arguments: { key: 'cancelled', ms: 2_000 } }
  const cancelled = one.client
    .callTool(given, undefined, { signal: abort.signal })
    .catch((error: unknown) => String(error))
  const kept = call(two.client, 'slow', { key: 'kept', ms: 2_000 })
  await expect.poll(() => executed(own).length, { timeout: 60_000 }).toBe(2)
  process.kill(await daemonPid(own), 'SIGKILL')
  abort.abort('enough')
  expect(await cancelled).toMatch(/enough/)
  expect(await kept).toMatch(/^slow kept/)
  const seen: number[] = []
  await one.client.callTool({ name: 'progress', arguments: {} }, undefined, {
    onprogress: ({ progress }) => seen.push(progress),
  })
  expect(seen).toEqual([1, 2, 3])
  expect(executed(own)).toContain('cancelled')
})

test('I11 kill -9 of daemon and keeper: every call is answered, and what may have run is not run again', async () => {
  const own = holdfast()
  const { client } = await host(own, 'counter')
  const calls = [1, 2, 3].map((key) =>
    call(client, 'slow', { key, ms: 60_000 }).catch((error: unknown) => String(error)),
  )
  await expect.poll(() => executed(own).length, { timeout: 60_000 }).toBe(3)
  const { daemon, keeper } = await own.json<Record<'daemon' | 'keeper', { pid: number }>>(['status'])
  process.kill(daemon.pid, 'SIGKILL')
  process.kill(keeper.pid, 'SIGKILL')
  for (const answer of await Promise.all(calls)) expect(answer).toMatch(/McpError.*(know|while the call|may have run)/s)
  expect(executed(own)).toHaveLength(3)
  expect(await call(client, 'echo', { text: 'again' })).toBe('again')
})

test('a host that leaves gets what is in flight, and the proxy ends by itself', async () => {
  const own = holdfast()
  const lines = [
    {
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
    },
    { id: '1', method: 'tools/call', params: { name: 'slow', arguments: { key: 'last', ms: 500 } } },
  ]
  const input = `${lines.map((each) => JSON.stringify({ jsonrpc: '2.0', ...each })).join('\n')}\nnot json\n`
  const ran = await own.run(['mcp', 'proxy', 'counter'], { input })
  const answers = ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: unknown })
  expect(new Set(answers.map((each) => each.id))).toEqual(new Set([1, '1', null]))
  expect(answers).toHaveLength(3)
  expect(ran).toMatchObject({ code: 0, stderr: '' })
})

test('mcp call: exit codes and messages', async () => {
  const own = holdfast()
  const run = async (...words: string[]): Promise<[number | null, string]> => {
    const ran = await own.run(['mcp', ...words, '--quiet'])
    return [ran.code, ran.stdout + ran.stderr]
  }
  expect(await run('call', 'counter.echo', 'key=hello')).toEqual([0, 'hello\n'])
  expect(await run('call', 'counter.slow', '--args', '{"key":"a"}', 'ms=5')).toEqual([
    0,
    expect.stringMatching(/^slow a \d+\n$/),
  ])
  expect(await run('call', 'countr.echo')).toEqual([3, expect.stringContaining('did you mean "counter"?')])
  expect(await run('call', 'counter.ecko')).toEqual([3, expect.stringContaining('did you mean "echo"?')])
  expect(await run('call', 'counter.echo', 'kee=1')).toEqual([2, expect.stringContaining('did you mean "key"?')])
  expect(await run('call', 'counter.slow', 'ms=soon')).toEqual([2, expect.stringContaining('has to be number')])
  expect(await run('call', 'counter.slow', 'ms:=[')).toEqual([2, expect.stringContaining('is not JSON')])
  expect(await run('call', 'counter')).toEqual([2, expect.stringContaining('SERVER.TOOL')])
  expect(await run('call', 'counter.slow', 'ms=60000', '--timeout', '300ms')).toEqual([
    7,
    expect.stringContaining('within 300ms: counter.slow had not answered'),
  ])
  const [code, text] = await run('call', 'counter.exit')
  expect([code, text]).toEqual([
    1,
    expect.stringMatching(/exit code 3 while the call was under way.*leaving as asked/s),
  ])
})
