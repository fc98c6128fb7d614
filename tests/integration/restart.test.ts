// `restart` hands over to a new daemon: children are untouched, running asks are answered, and clients that wait go on.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Holdfast, root } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

interface Restarted {
  readonly started: boolean
  readonly daemon: { readonly pid: number; readonly epoch: number; readonly state: string }
}

const running = async (holdfast: Holdfast): Promise<boolean> =>
  (await holdfast.json<{ asks: { running: number } }>(['status'])).asks.running > 0

it('I7 I10 twice in the middle of an ask: the same agent answers the command that waits for it', async () => {
  const holdfast = new Holdfast()
  const first = await holdfast.up()
  const waiting = holdfast.start(['ask', 'guide', 'take 8 seconds: repeat after me: a b c d', '--json'], { input: '' })
  const streaming = holdfast.start(
    ['ask', 'guide', 'take 8 seconds: repeat after me: e f g h', '--session', 'other', '--stream'],
    { input: '' },
  )
  await until('the agents have both', async () => {
    const { asks } = await holdfast.json<{ asks: { running: number } }>(['status'])
    return asks.running === 2
  })
  const [children, keepers] = [holdfast.children(), holdfast.keepers()].map((all) => all.map(({ pid }) => pid))
  let before = first
  for (const epoch of [2, 3]) {
    const { started, daemon } = await holdfast.json<Restarted>(['restart'])
    expect(started).toBe(true)
    // The new one serves when the command ends, and the old one is gone.
    expect(daemon).toMatchObject({ state: 'ready', epoch })
    expect(isRunning(before)).toBe(false)
    before = daemon.pid
    expect(holdfast.daemons().map(({ pid }) => pid)).toEqual([daemon.pid])
  }
  expect(JSON.parse((await waiting.done).stdout)).toMatchObject({ state: 'done', reply: 'a b c d' })
  expect(await streaming.done).toMatchObject({ code: 0, stdout: 'e f g h\n' })
  expect(holdfast.children().map(({ pid }) => pid)).toEqual(children)
  expect(holdfast.keepers().map(({ pid }) => pid)).toEqual(keepers)
})

it('I11 in the middle of a call: the proxy of a host goes on, the call ran once, the server is the same', async () => {
  const holdfast = new Holdfast()
  const countFile = join(holdfast.home, 'count')
  holdfast.writeConfig({
    mcpServers: {
      counter: {
        command: process.execPath,
        args: [join(root, 'tests/fixtures/mcp-counter.ts')],
        env: { COUNT_FILE: countFile },
      },
    },
  })
  await holdfast.up()
  const proxy = holdfast.start(['mcp', 'proxy', 'counter'])
  const say = (message: object): void =>
    void proxy.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const answer = (id: number): Promise<{ result?: unknown; error?: unknown }> =>
    until(`answer ${id}`, () => {
      const lines = proxy
        .stdout()
        .split('\n')
        .filter((line) => line !== '')
      return (
        lines
          .map((line) => JSON.parse(line) as { id?: number; result?: unknown; error?: unknown })
          .find((each) => each.id === id) ?? null
      )
    })
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'host', version: '1' } }
  say({ id: 1, method: 'initialize', params })
  await answer(1)
  say({ method: 'notifications/initialized' })
  say({ id: 2, method: 'tools/call', params: { name: 'slow', arguments: { key: 'k', ms: 3000 } } })
  await until('it runs', () => {
    try {
      return readFileSync(countFile, 'utf8').includes('slow k')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
      throw error
    }
  })
  const servers = holdfast.children().map(({ pid }) => pid)
  await holdfast.json<Restarted>(['restart'])
  expect(await answer(2)).toHaveProperty('result')
  say({ id: 3, method: 'tools/call', params: { name: 'echo', arguments: { key: 'k', text: 'after' } } })
  expect(JSON.stringify(await answer(3))).toContain('after')
  expect(readFileSync(countFile, 'utf8').match(/slow k/g)).toHaveLength(1)
  expect(holdfast.children().map(({ pid }) => pid)).toEqual(servers)
  proxy.child.stdin?.end()
  expect((await proxy.done).code).toBe(0)
})

it('starts one where there is none, and takes the place of one that hangs', async () => {
  const holdfast = new Holdfast()
  const { started, daemon } = await holdfast.json<Restarted>(['restart'])
  expect(started).toBe(true)
  process.kill(daemon.pid, 'SIGSTOP')
  const next = await holdfast.json<Restarted & { reason: string }>(['restart'])
  expect(next).toMatchObject({ started: true, daemon: { state: 'ready' } })
  expect(isRunning(daemon.pid)).toBe(false)
  expect(await running(holdfast)).toBe(false)
})
