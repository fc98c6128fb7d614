// `holdfast restart` while calls and asks are under way: a hand-over that nobody notices but by a little waiting.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Holdfast, root } from '../rig/holdfast.ts'

it(
  'K26 over five restarts no call and no ask is lost or done twice, and no client finds nobody',
  { timeout: 600_000 },
  async () => {
    const holdfast = new Holdfast({ scope: 'restarts' })
    const counted = join(holdfast.home, 'counted')
    const args = [join(root, 'tests/fixtures/mcp-counter.ts')]
    holdfast.writeConfig({ mcpServers: { counter: { command: process.execPath, args, env: { COUNT_FILE: counted } } } })
    await holdfast.json(['mcp', 'call', 'counter.echo', 'key=first', 'text=first'])
    const servers = holdfast.children().map(({ pid }) => pid)
    for (let round = 0; round < 5; round++) {
      const keys = Array.from({ length: 6 }, (_, index) => `r${round}c${index}`)
      const calls = keys.map((key) => holdfast.run(['mcp', 'call', 'counter.slow', `key=${key}`, 'ms:=300']))
      const asking = holdfast.json<{ state: string; reply: string }>(['ask', 'guide', 'take 300ms: repeat: hello'])
      const statuses = ['status', 'ps', 'agents'].map((command) => holdfast.run([command]))
      const restarted = await holdfast.run(['restart'])
      expect(restarted).toMatchObject({ code: 0 })
      for (const ran of await Promise.all([...calls, ...statuses])) expect(ran).toMatchObject({ code: 0 })
      expect(await asking).toMatchObject({ state: 'done' })
    }
    const executed = readFileSync(counted, 'utf8').trim().split('\n').slice(1)
    const expected = Array.from({ length: 30 }, (_, at) => `slow r${Math.floor(at / 6)}c${at % 6}`)
    expect(executed.toSorted()).toEqual(expected.toSorted())
    expect(holdfast.children().map(({ pid }) => pid)).toEqual(expect.arrayContaining(servers))
  },
)
