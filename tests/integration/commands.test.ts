// The commands around the daemon's life, as scripts use them: shapes, exit codes, and what stays running.
import { spawn } from 'node:child_process'
import { expect, it } from 'vitest'
import type { Status } from '@holdfast/protocol'
import { bin, Holdfast, signal } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

it('I4 up starts a daemon once, and leaves a healthy one as it is', async () => {
  const holdfast = new Holdfast()
  const first = await holdfast.json<{ started: boolean; reason: string; daemon: { pid: number } }>(['up'])
  expect(first).toMatchObject({ started: true, reason: 'absent', daemon: { state: 'ready', epoch: 1, owner: null } })
  const second = await holdfast.json<typeof first>(['up'])
  expect(second).toMatchObject({ started: false, reason: 'running', daemon: { pid: first.daemon.pid } })
  expect(holdfast.daemons()).toHaveLength(1)
})

it('status never starts a daemon, and tells a stop from a kill', async () => {
  const holdfast = new Holdfast()
  expect(await holdfast.json<Status>(['status'])).toMatchObject({ daemon: null, keeper: null, lastExit: null })
  expect(holdfast.processes()).toEqual([])
  const pid = await holdfast.up()
  expect(await holdfast.json<Status>(['status'])).toMatchObject({
    scope: 'default',
    daemon: { state: 'ready', pid, epoch: 1 },
    asks: { queued: 0, running: 0 },
    sessions: 0,
  })
  expect((await holdfast.run(['down'])).code).toBe(0)
  expect(isRunning(pid)).toBe(false)
  expect(await holdfast.json<Status>(['status'])).toMatchObject({
    daemon: null,
    lastExit: { epoch: 1, kind: 'stopped' },
  })
  signal(await holdfast.up(), 'SIGKILL')
  await until('it is gone', () => holdfast.daemons().length === 0)
  await holdfast.up()
  expect(await holdfast.json<Status>(['status'])).toMatchObject({ lastExit: { epoch: 2, kind: 'killed' } })
})

it('I7 down and restart leave the children; down --all ends them', async () => {
  const holdfast = new Holdfast()
  expect((await holdfast.run(['ask', 'guide', 'repeat after me: one'])).stdout).toBe('one\n')
  const children = holdfast.children().map(({ pid }) => pid)
  expect(children).toHaveLength(1)
  expect(await holdfast.json(['restart'])).toMatchObject({ started: true, daemon: { epoch: 2 } })
  expect((await holdfast.run(['down'])).code).toBe(0)
  expect(holdfast.children().map(({ pid }) => pid)).toEqual(children)
  expect(await holdfast.json<Status>(['status'])).toMatchObject({ daemon: null, keeper: { children: 1 } })
  const counted = await holdfast.run(['ask', 'guide', 'how many prompts have you seen?'])
  expect(counted.stdout).toContain('2 prompts')
  expect((await holdfast.run(['down', '--all'])).code).toBe(0)
  await until('all is gone', () => holdfast.processes().length === 0)
})

it('events without --since are the newest', async () => {
  const holdfast = new Holdfast()
  const prompts = Array.from({ length: 20 }, (_, index) => `repeat after me: ${index}`)
  for (const prompt of prompts) await holdfast.run(['ask', 'guide', prompt])
  const cursorsOf = async (...args: string[]): Promise<number[]> => {
    const { stdout } = await holdfast.run(['events', '--json', ...args])
    const lines = stdout.trim().split('\n')
    return lines.map((line) => (JSON.parse(line) as { cursor: number }).cursor)
  }
  const all = await cursorsOf('--since', '0')
  expect(all.length).toBeGreaterThan(60)
  expect(await cursorsOf()).toEqual(all.slice(-50))
})

it('sends nothing to a reader that left, and ends', async () => {
  const holdfast = new Holdfast()
  await holdfast.up()
  const child = spawn('/bin/sh', ['-c', '"$0" "$1" events -f --since 0 | head -n 1', process.execPath, bin], {
    env: holdfast.environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const code = new Promise((resolve) => child.on('close', resolve))
  // It learns of it with the next event.
  await holdfast.run(['ask', 'guide', 'repeat after me: x'])
  expect(await code).toBe(0)
})

it('cancels an ask that it waits for when it is interrupted, and when it is killed', async () => {
  const holdfast = new Holdfast()
  for (const [name, code] of [['SIGINT', 130] as const, ['SIGKILL', null] as const]) {
    const asking = holdfast.start(['ask', 'guide', 'take 2 minutes: What is a scope?', '--stream'], { input: '' })
    await until('it is being answered', () => asking.stdout() !== '')
    const [id] = /a-\w+/.exec(asking.stderr()) ?? ['']
    asking.child.kill(name)
    expect((await asking.done).code).toBe(code)
    const ask = await until('it is cancelled', async () => {
      const found = await holdfast.json<{ state: string }>(['ask-status', id])
      return found.state === 'running' ? null : found
    })
    expect(ask.state).toBe('cancelled')
  }
})

it('I6 sweep lists what runs as live, and ends nothing that is held', async () => {
  const holdfast = new Holdfast()
  await holdfast.run(['ask', 'guide', 'repeat after me: x'])
  const swept = await holdfast.json<{ found: { kind: string; verdict: string }[] }>(['sweep', '--yes'])
  const processes = swept.found.filter(({ kind }) => kind === 'process').map(({ verdict }) => verdict)
  // Another Holdfast on this machine is foreign, and is left alone.
  expect(processes.filter((verdict) => verdict !== 'foreign')).toEqual(['live'])
  expect(holdfast.children()).toHaveLength(1)
})

it('up --foreground is the daemon, in the same process', async () => {
  const holdfast = new Holdfast()
  const running = holdfast.start(['up', '--foreground'])
  const status = await until('it serves', async () => (await holdfast.json<Status>(['status'])).daemon)
  expect(status.pid).toBe(running.pid)
  const other = await holdfast.run(['up', '--foreground'])
  expect(other).toMatchObject({ code: 0 })
  expect(other.stdout).toContain(String(running.pid))
  running.child.kill('SIGTERM')
  expect((await running.done).code).toBe(0)
})
