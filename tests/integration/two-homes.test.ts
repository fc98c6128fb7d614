// What carries the tag of a child, but belongs to another home, is a bystander: ending the child must not reach it.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
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

/** A process of another home that happens to have the tag of `server`. */
async function lookAlike(holdfast: Holdfast, server: number): Promise<number> {
  const [child] = holdfast.children().filter(({ pid }) => pid === server)
  const tag = child?.environment.get('HOLDFAST_CHILD') ?? ''
  expect(tag).toContain('/mcp-counter-')
  const env = { HOLDFAST_CHILD: tag, HOLDFAST_STATE: '/another/home' }
  const other = spawn('sleep', ['600'], { env, stdio: 'ignore' })
  onTestFinished(() => void other.kill('SIGKILL'))
  if (other.pid === undefined) throw new Error('no bystander')
  return other.pid
}

it('I6 K40 `down --all` leaves a process of another home with the same tag alone', async () => {
  const { holdfast, server } = await withServer()
  const other = await lookAlike(holdfast, server)
  await holdfast.json(['down', '--all'])
  expect(isRunning(server)).toBe(false)
  expect(isRunning(other)).toBe(true)
})

it('I6 K40 so does the search for what a dead keeper left', async () => {
  const { holdfast, server } = await withServer()
  const other = await lookAlike(holdfast, server)
  const [keeper] = holdfast.keepers()
  signal(keeper?.pid ?? 0, 'SIGKILL')
  await until('what the dead keeper left is ended', () => !isRunning(server))
  expect(isRunning(other)).toBe(true)
})
