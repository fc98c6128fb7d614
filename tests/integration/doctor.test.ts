// Each check of `doctor`, with the fault that it looks for, and the fix that it names.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Holdfast, signal } from '../rig/holdfast.ts'
import { stateOf } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly says: string
  readonly fix: string | null
}

interface Examined {
  readonly code: number | null
  readonly ok: boolean
  readonly of: (name: string) => Check | undefined
}

async function examine(holdfast: Holdfast, env: Record<string, string> = {}): Promise<Examined> {
  const ran = await holdfast.run(['doctor', '--json'], { env })
  const { ok, checks } = JSON.parse(ran.stdout) as { ok: boolean; checks: Check[] }
  return { code: ran.code, ok, of: (name) => checks.find((each) => each.name === name) }
}

describe('doctor', () => {
  it('finds nothing wrong in a fresh home, and starts nothing', async () => {
    const holdfast = new Holdfast()
    const { code, ok, of } = await examine(holdfast)
    expect([code, ok]).toEqual([0, true])
    expect(of('node')).toMatchObject({ ok: true, says: expect.stringContaining(process.version) })
    expect(of('folders')).toMatchObject({ ok: true, fix: null })
    expect(of('sockets')).toMatchObject({ ok: true, fix: null })
    expect(of('daemon')).toMatchObject({ ok: true, says: 'not running' })
    expect(holdfast.processes()).toEqual([])
  })

  it('knows a daemon that runs, and how the one before it ended', async () => {
    const holdfast = new Holdfast()
    const pid = await holdfast.up()
    expect((await examine(holdfast)).of('daemon')).toMatchObject({ ok: true, says: `pid ${pid}, epoch 1` })
    signal(pid, 'SIGKILL')
    await until('it is gone', () => holdfast.daemons().length === 0)
    const next = await holdfast.up()
    const { says } = (await examine(holdfast)).of('daemon') ?? { says: '' }
    expect(says).toMatch(new RegExp(`^pid ${next}, epoch 2; the last one: killed`))
  })

  it('finds a folder that others may enter; its fix mends it', async () => {
    const holdfast = new Holdfast()
    await holdfast.up()
    await holdfast.run(['down'])
    chmodSync(holdfast.statePath(), 0o755)
    const found = await examine(holdfast)
    expect([found.code, found.ok]).toEqual([1, false])
    expect(found.of('folders')).toMatchObject({ ok: false, says: expect.stringContaining(holdfast.statePath()) })
    expect(found.of('folders')?.fix).toContain('chmod 700')
    chmodSync(holdfast.statePath(), 0o700)
    expect((await examine(holdfast)).code).toBe(0)
  })

  it('finds a home that is no absolute path', async () => {
    const found = await examine(new Holdfast(), { HOLDFAST_HOME: 'relative' })
    expect(found.code).toBe(1)
    expect(found.of('folders')).toMatchObject({ ok: false, says: expect.stringContaining('"relative"') })
  })

  it('finds a daemon that hangs; its fix ends it', async () => {
    const holdfast = new Holdfast()
    const pid = await holdfast.up()
    signal(pid, 'SIGSTOP')
    const found = await examine(holdfast)
    expect(found.code).toBe(1)
    expect(found.of('daemon')).toMatchObject({ ok: false, says: expect.stringContaining('hung') })
    expect(found.of('daemon')?.fix).toContain('holdfast down --force')
    expect(stateOf(pid)).toBe('T')
    expect((await holdfast.run(['down', '--force'])).code).toBe(0)
    expect((await examine(holdfast)).code).toBe(0)
  })

  it('I16 finds somebody else behind the socket, and says where', async () => {
    const holdfast = new Holdfast()
    mkdirSync(holdfast.runPath(), { recursive: true, mode: 0o700 })
    chmodSync(holdfast.runPath('..'), 0o700)
    const server = createServer((socket) => socket.on('error', () => undefined).end('hello?\n'))
    await new Promise<void>((resolve) => server.listen(holdfast.runPath('daemon.sock'), resolve))
    onTestFinished(() => void server.close())
    const found = await examine(holdfast)
    expect(found.code).toBe(1)
    expect(found.of('daemon')).toMatchObject({ ok: false, says: expect.stringContaining('daemon.sock') })
    expect(found.of('daemon')?.fix).not.toBeNull()
  })

  it('K43 is not misled by a record of nothing', async () => {
    const holdfast = new Holdfast()
    await holdfast.up()
    await holdfast.run(['down'])
    writeFileSync(holdfast.runPath('daemon.json'), '[]')
    expect((await examine(holdfast)).of('daemon')).toMatchObject({ ok: true })
  })

  it('shows each check on a line, and the fix below', async () => {
    const holdfast = new Holdfast()
    signal(await holdfast.up(), 'SIGSTOP')
    const { stdout } = await holdfast.run(['doctor'])
    expect(stdout).toMatch(/^ok {3}node /m)
    expect(stdout).toMatch(/^FAIL daemon +hung/m)
    expect(stdout).toMatch(/^ +fix: holdfast down --force/m)
  })
})

it('ps counts one child as one, and knows the age of each', async () => {
  const holdfast = new Holdfast()
  await holdfast.run(['ask', 'guide', 'repeat after me: x'])
  const { stdout } = await holdfast.run(['ps'])
  expect(stdout).toMatch(/ keeper .* 1 child +-$/m)
  const { processes } = await holdfast.json<{ processes: { kind: string; startedAt: string }[] }>(['ps'])
  for (const { kind, startedAt } of processes) {
    const ageMs = Date.now() - Date.parse(startedAt)
    expect(ageMs, kind).toBeGreaterThan(-2000)
    expect(ageMs, kind).toBeLessThan(300_000)
  }
})
