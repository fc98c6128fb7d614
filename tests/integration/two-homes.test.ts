// Two homes of one user give out the same tags: ending the children of one must not reach those of the other.
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Holdfast, root, signal } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

async function withServer(): Promise<{ holdfast: Holdfast; server: number }> {
  const holdfast = new Holdfast()
  const command = [process.execPath, join(root, 'tests/fixtures/mcp-counter.ts')] as const
  holdfast.writeConfig({ mcpServers: { counter: { command: command[0], args: [command[1]] } } })
  await holdfast.json(['mcp', 'call', 'counter.echo', 'key=a'])
  const [server] = holdfast.children()
  if (server === undefined) throw new Error('no server')
  return { holdfast, server: server.pid }
}

it('I6 K40 a child of another home with the same tag is a bystander: at `down --all`, and when a keeper died', async () => {
  const [one, other, third] = [await withServer(), await withServer(), await withServer()]
  const tag = (home: Holdfast): string | undefined => home.children()[0]?.environment.get('HOLDFAST_CHILD')
  expect(tag(one.holdfast)).toBe(tag(other.holdfast))
  await one.holdfast.json(['down', '--all'])
  expect(isRunning(one.server)).toBe(false)
  const [keeper] = third.holdfast.keepers()
  signal(keeper?.pid ?? 0, 'SIGKILL')
  await until('what the dead keeper left is ended', () => !isRunning(third.server))
  expect(isRunning(other.server)).toBe(true)
})
