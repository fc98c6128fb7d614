// A daemon belongs to no host: it takes nothing of the one that happened to start it, and outlives it, however that one ends.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bin, Holdfast, root, signal } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

interface Status {
  readonly daemon: { readonly pid: number } | null
  readonly asks: { readonly running: number }
  readonly lastExit: { readonly kind: string; readonly reason: string } | null
}

const counter = { command: process.execPath, args: [join(root, 'tests/fixtures/mcp-counter.ts')] }

/** A process and all that descends from it, as a tree kill finds them. */
function treeOf(pid: number): number[] {
  const parents = readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      return [[Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])] as const]
    } catch (error) {
      if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code))) return []
      throw error
    }
  })
  const below = (of: number): number[] =>
    parents.flatMap(([each, parent]) => (parent === of ? [each, ...below(each)] : []))
  return [pid, ...below(pid)]
}

describe('the daemon that a host started', () => {
  it('lives when that host is killed as a process tree, and serves the others', async () => {
    const holdfast = new Holdfast()
    const host = spawn(
      '/bin/sh',
      ['-c', '"$0" "$1" ask guide "take 10 minutes: What is a scope?"; exit 0', process.execPath, bin],
      { cwd: holdfast.project, env: holdfast.environment(), stdio: 'ignore', detached: true },
    )
    const hostPid = host.pid ?? 0
    const asking = (many: number) => async (): Promise<number | null> => {
      const { daemon, asks } = await holdfast.json<Status>(['status'])
      return asks.running === many ? (daemon?.pid ?? null) : null
    }
    const daemon = await until('the first host is served', asking(1))
    const other = holdfast.start(['ask', 'guide', 'take 5 seconds: repeat after me: still here', '--session', 'b'], {
      input: '',
    })
    await until('the second one is, too', asking(2))
    const keepers = holdfast.keepers().map(({ pid }) => pid)
    const tree = treeOf(hostPid)
    expect(tree.length).toBeGreaterThan(1)
    expect(tree).not.toContain(daemon)
    expect(tree.filter((pid) => keepers.includes(pid))).toEqual([])
    for (const pid of [...tree, -hostPid]) process.kill(pid, 'SIGKILL')
    await until('the host is gone', () => !tree.some(isRunning))
    expect(await other.done).toMatchObject({ code: 0, stdout: 'still here\n' })
    expect((await holdfast.json<Status>(['status'])).daemon?.pid).toBe(daemon)
    expect(holdfast.keepers().map(({ pid }) => pid)).toEqual(keepers)
  })

  it('I16 keeps none of its secrets, runtime options or folders, nor do the keeper and agents', async () => {
    const holdfast = new Holdfast()
    const secrets = { GITHUB_TOKEN: 'ghp_secret', AWS_SECRET_ACCESS_KEY: 'secret', SSH_AUTH_SOCK: '/nowhere' }
    const options = { NODE_OPTIONS: '--no-warnings', LD_LIBRARY_PATH: '/nowhere', HOLDFAST_CHILD: 'default/outer' }
    await holdfast.run(['ask', 'guide', 'repeat after me: x'], {
      env: { ...secrets, ...options, PWD: holdfast.project },
    })
    const own = [...holdfast.daemons(), ...holdfast.keepers()]
    expect(own).toHaveLength(2)
    for (const { pid, environment } of own) {
      for (const name of Object.keys({ ...secrets, ...options })) {
        expect(environment.has(name), name).toBe(false)
      }
      expect([...environment.values()].join('\n')).not.toContain(holdfast.project)
      // A folder of its own, which stays.
      expect(readlinkSync(`/proc/${pid}/cwd`).startsWith(holdfast.statePath())).toBe(true)
    }
    const [agent] = holdfast.children()
    for (const name of [...Object.keys(secrets), 'NODE_OPTIONS', 'LD_LIBRARY_PATH']) {
      expect(agent?.environment.has(name), name).toBe(false)
    }
    expect(agent?.environment.get('HOLDFAST_CHILD')).not.toBe('default/outer')
  })
})

it('a config file that is written again with the same content changes nothing', async () => {
  const holdfast = new Holdfast()
  const config = { mcpServers: { counter } }
  const path = holdfast.writeConfig(config)
  const where = async (): Promise<string> =>
    (await holdfast.run(['mcp', 'call', 'counter.peek', 'key=k', 'ms=1'])).stdout
  const before = await where()
  expect(before).toMatch(/peek k \d+/)
  const daemon = await holdfast.up()
  const calling = holdfast.start(['mcp', 'call', 'counter.slow', 'key=k', 'ms=2000'], { input: '' })
  for (let times = 1; times <= 5; times++) {
    holdfast.writeConfig(config)
    utimesSync(path, new Date(), new Date(Date.now() + times * 1000))
    expect(await where()).toBe(before)
  }
  // Blanks and comments are no change either.
  writeFileSync(path, `// the same\n${readFileSync(path, 'utf8')}\n\n`)
  expect(await where()).toBe(before)
  expect((await calling.done).stdout).toMatch(/slow k \d+/)
  expect(await holdfast.up()).toBe(daemon)
})

it('no config at all: everything works, on one daemon', async () => {
  const holdfast = new Holdfast()
  const daemon = await holdfast.up()
  expect(await holdfast.json(['ask', 'guide', 'repeat after me: x'])).toMatchObject({ reply: 'x' })
  expect(await holdfast.json(['mcp', 'list'])).toEqual({ servers: [] })
  expect((await holdfast.run(['config', 'check'])).code).toBe(0)
  expect((await holdfast.run(['agents'])).stdout).toContain('guide')
  expect(await holdfast.up()).toBe(daemon)
})

it('SIGTERM to the daemon: stopped, with the reason; its children stay', async () => {
  const holdfast = new Holdfast()
  await holdfast.run(['ask', 'guide', 'repeat after me: x'])
  const [daemon] = holdfast.daemons()
  const children = holdfast.children().map(({ pid }) => pid)
  signal(daemon?.pid ?? 0, 'SIGTERM')
  await until('it is gone', () => holdfast.daemons().length === 0)
  expect(await holdfast.json<Status>(['status'])).toMatchObject({
    daemon: null,
    lastExit: { kind: 'stopped', reason: 'SIGTERM' },
  })
  expect(holdfast.children().map(({ pid }) => pid)).toEqual(children)
})
