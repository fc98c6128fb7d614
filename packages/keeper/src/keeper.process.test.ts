import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ensureFolders,
  findTagged,
  type Folders,
  isAlive,
  placeOf,
  processIdentity,
  resolveFolders,
  silentLog,
  type StartCommand,
} from '@holdfast/lifecycle'
import { expect, test } from 'vitest'
import type { ChildSpec, KeeperClient } from './api.ts'
import { connectKeeper, ensureKeeper } from './client/connect.ts'
import { Recorder } from './testing/local-keeper.ts'

const main = join(import.meta.dirname, 'main.ts')

/** A place of its own, with the program of the keeper as it is in the sources. */
class Rig {
  readonly home = mkdtempSync(join(tmpdir(), 'hfk-'))
  readonly folders: Folders
  readonly #pids = new Set<number>()

  constructor() {
    const env = { HOLDFAST_HOME: this.home }
    const uid = process.getuid?.() ?? 0
    this.folders = resolveFolders({ app: 'holdfast', scope: 'default', env, uid })
    ensureFolders(this.folders, uid)
  }

  get place(): ReturnType<typeof placeOf> {
    return placeOf(this.folders, 'keeper')
  }

  get start(): StartCommand {
    return {
      command: process.execPath,
      args: ['--conditions=source', main, '--scope', 'default', '--idle-ms', '200'],
      env: { ...process.env, HOLDFAST_HOME: this.home },
      cwd: this.folders.state,
      logFile: join(this.folders.logs, 'keeper.err'),
    }
  }

  async ensure(epoch: number): Promise<{ client: KeeperClient; started: boolean }> {
    const ensured = await ensureKeeper({
      place: this.place,
      epoch,
      log: silentLog,
      start: this.start,
      deadlineMs: 60_000,
    })
    this.#pids.add(ensured.client.pid)
    return ensured
  }

  connect(epoch: number, timeoutMs = 10_000): ReturnType<typeof connectKeeper> {
    return connectKeeper({ place: this.place, epoch, log: silentLog, timeoutMs })
  }

  spec(id: string, command: string, args: readonly string[] = []): ChildSpec {
    const env = { PATH: process.env['PATH'] ?? '', HOLDFAST_CHILD: `${this.home}/${id}` }
    const logFile = join(this.folders.logs, `${id}.log`)
    return { id, command, args, cwd: this.home, env, io: 'pipe', logFile, label: {} }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = await this.connect(1_000_000)
    if (!('kind' in client)) await client.shutdown(0)
    for (const pid of this.#pids) await gone(pid)
    const left = findTagged(this.home)
    if (left.length > 0)
      throw new Error(`the test left processes behind: ${left.map(({ command }) => command).join(', ')}`)
    rmSync(this.home, { recursive: true, force: true })
  }
}

function pidOf(found: { readonly pid: number } | undefined): number {
  if (found === undefined) throw new Error('the process was not found')
  return found.pid
}

async function gone(pid: number): Promise<void> {
  const identity = processIdentity(pid)
  if (identity === null || identity === 'unknown') return
  while (isAlive(identity) === 'alive') await sleep(20)
}

test('K38 two keepers that are started at once are one', async () => {
  await using rig = new Rig()
  const [one, two] = await Promise.all([rig.ensure(1), rig.ensure(1)])
  expect(one.client.pid).toBe(two.client.pid)
  expect([one, two].filter(({ started }) => started)).toHaveLength(1)
})

test('a keeper without children and daemons leaves; the next one is another', async () => {
  await using rig = new Rig()
  const { client } = await rig.ensure(1)
  const { pid } = client
  await client.spawn(rig.spec('a', 'true'))
  const output = new Recorder()
  await client.attach('a', 0, output)
  await output.ended
  await client.forget('a')
  client.close()
  await gone(pid)
  expect(await rig.connect(1)).toEqual({ kind: 'absent' })
  const next = await rig.ensure(2)
  expect(next).toMatchObject({ started: true })
  expect(next.client.pid).not.toBe(pid)
})

test('I7 a keeper whose socket was removed is not taken for dead, and is commanded again', async () => {
  await using rig = new Rig()
  const { client } = await rig.ensure(1)
  const held = await client.spawn(rig.spec('a', 'cat'))
  const { pid } = client
  process.kill(pid, 'SIGSTOP')
  client.close()
  rmSync(rig.place.publicSocket)
  await expect(rig.connect(2, 300)).rejects.toMatchObject({ code: 'keeper-silent' })
  process.kill(pid, 'SIGCONT')
  const next = await rig.connect(2)
  if ('kind' in next) throw new Error('it was taken for dead')
  expect(await next.list()).toMatchObject([{ id: 'a', pid: held.pid, exit: null }])
  next.close()
})

test('I7 K36 the death of a daemon ends no child, and its successor finds everything', async () => {
  await using rig = new Rig()
  const { client } = await rig.ensure(1)
  const held = await client.spawn(rig.spec('a', 'cat'))
  await client.input('a', 'kept', Buffer.from('before\n'))
  client.close()
  await sleep(1500)
  const next = await rig.ensure(2)
  expect(next.started).toBe(false)
  expect(await next.client.list()).toMatchObject([
    { id: 'a', pid: held.pid, openTags: ['kept'], lastFrame: 1, exit: null },
  ])
  const output = new Recorder()
  await next.client.attach('a', 0, output)
  await output.has(7)
  expect(output.text).toBe('before\n')
})

test('I7 a keeper that holds children ignores SIGTERM, and without any it goes', async () => {
  await using rig = new Rig()
  const { client } = await rig.ensure(1)
  await client.spawn(rig.spec('a', 'cat'))
  process.kill(client.pid, 'SIGTERM')
  process.kill(client.pid, 'SIGHUP')
  process.kill(client.pid, 'SIGINT')
  process.kill(client.pid, 'SIGUSR1')
  expect(await client.list()).toMatchObject([{ id: 'a', exit: null }])
  await client.terminate('a', 1000)
  await client.forget('a')
  process.kill(client.pid, 'SIGTERM')
  await client.closed
  await gone(client.pid)
  expect(readFileSync(join(rig.folders.logs, 'keeper.log'), 'utf8')).toContain('ignored a signal')
})

test('I8 what a killed keeper held is found by its tag', async () => {
  await using rig = new Rig()
  const { client } = await rig.ensure(1)
  // It does not notice that its input and output are gone.
  await client.spawn(rig.spec('a', 'sleep', ['1000']))
  process.kill(client.pid, 'SIGKILL')
  await client.closed
  await expect(client.list()).rejects.toMatchObject({ code: 'keeper-gone', retryable: true })
  const next = await rig.ensure(2)
  expect(next.started).toBe(true)
  expect(await next.client.list()).toEqual([])
  const [left] = findTagged(`${rig.home}/a`)
  expect(left).toMatchObject({ tag: `${rig.home}/a` })
  process.kill(pidOf(left), 'SIGKILL')
  await gone(pidOf(left))
})

test('I2 a keeper that was started by a daemon takes no older one, even first', async () => {
  await using rig = new Rig()
  const { client } = await rig.ensure(5)
  client.close()
  await expect(rig.connect(4)).rejects.toMatchObject({ code: 'fenced' })
})
