// The daemon's program as a real process: what it says of itself, how it leaves, and what its successor knows of its end.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { placeOf } from '@holdfast/lifecycle'
import {
  daemonDrain,
  daemonProcesses,
  daemonStatus,
  eventNotice,
  followEvents,
  leavingNotice,
  logSources,
  readEvents,
  showConfig,
} from '@holdfast/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqliteStore } from './store/sqlite-store.ts'
import { DaemonHome } from './testing/daemon-process.ts'

let home: DaemonHome

beforeEach(() => {
  home = new DaemonHome()
})

afterEach(() => home.remove())

const place = () => placeOf(home.folders, 'daemon')
const exitRecords = () => readdirSync(place().exitsFolder).filter((name) => name.endsWith('.json'))
const dbFile = () => join(home.folders.state, 'holdfast.db')

async function eventTypes(): Promise<string[]> {
  const { events } = await home.ask(readEvents, {})
  return events.map(({ type, data }) => ('kind' in data ? `${type} ${String(data['kind'])}` : type))
}

describe('a daemon', () => {
  it('says what it is, what it holds, where its logs and its configuration lie', async () => {
    const daemon = home.start({}, ['--owner', 'desktop', '--idle-ms', 'never'])
    const status = await home.ask(daemonStatus, {})
    expect(status).toMatchObject({
      scope: 'default',
      daemon: { state: 'ready', pid: daemon.pid, epoch: 1, owner: 'desktop', socket: place().publicSocket },
      keeper: null,
      clients: 1,
      asks: { queued: 0, running: 0 },
      lastExit: null,
    })
    const { processes } = await home.ask(daemonProcesses, {})
    expect(processes).toMatchObject([{ kind: 'daemon', pid: daemon.pid, rssBytes: expect.any(Number) }])
    const { sources } = await home.ask(logSources, { name: 'daemon' })
    expect(sources).toEqual([{ name: 'daemon', path: join(home.folders.logs, 'daemon.log') }])
    const project = join(home.home, 'p')
    mkdirSync(project)
    writeFileSync(join(project, 'holdfast.json'), '{"agents": {"a": {"command": 1}}}')
    const config = await home.ask(showConfig, { project })
    expect(config.problems).toMatchObject([{ line: 1, path: 'agents.a.command' }])
    await expect(home.ask(showConfig, { project: '/no/such' })).rejects.toMatchObject({ code: 'project-missing' })
  })

  it('K32 leaves exactly one exit record, whether it was told to leave or was killed, and its successor tells both', async () => {
    const first = home.start()
    const { peer } = await home.connect()
    const leaving = new Promise((resolve) => peer.onNotice(leavingNotice, resolve))
    expect(await peer.request(daemonDrain, { reason: 'test' })).toEqual({ survivors: [] })
    expect(await leaving).toEqual({ reason: 'test' })
    expect(await first.ended()).toBe(0)

    const second = home.start()
    const status = await home.ask(daemonStatus, {})
    expect(status).toMatchObject({ daemon: { epoch: 2 }, lastExit: { epoch: 1, kind: 'stopped', reason: 'test' } })
    second.kill('SIGKILL')
    expect(await second.ended()).toBe('SIGKILL')

    home.start()
    expect(await home.ask(daemonStatus, {})).toMatchObject({
      daemon: { epoch: 3 },
      lastExit: { epoch: 2, kind: 'killed' },
    })
    expect(exitRecords()).toHaveLength(2)
    expect(await eventTypes()).toEqual([
      'daemon.started',
      'daemon.leaving',
      'daemon.exited clean',
      'daemon.started',
      'daemon.exited killed',
      'daemon.started',
    ])
  })

  it('I1 of many started at once one serves, and the others end with 75 and name it', async () => {
    const started = Array.from({ length: 5 }, () => home.start())
    const { daemon } = await home.ask(daemonStatus, {})
    const losers = started.filter(({ pid }) => pid !== daemon?.pid)
    expect(losers).toHaveLength(4)
    for (const loser of losers) {
      expect(await loser.ended()).toBe(75)
      expect(loser.stderr).toContain(`pid ${daemon?.pid}`)
    }
  })

  it('leaves on SIGTERM in order', async () => {
    const daemon = home.start()
    await home.connect()
    daemon.kill('SIGTERM')
    expect(await daemon.ended()).toBe(0)
  })

  it('leaves when nobody needs it for its idle time', async () => {
    const daemon = home.start({ HOLDFAST_IDLE_MS: '300' })
    const { peer } = await home.connect()
    peer.close()
    expect(await daemon.ended()).toBe(0)
  })

  it('refuses a start that it does not understand, with what to do', async () => {
    const daemon = home.start({}, ['--idle-ms', 'soon'])
    expect(await daemon.ended()).toBe(2)
    expect(daemon.stderr).toContain('start-invalid: the idle time is "soon"')
  })
})

describe('events', () => {
  it('follow from a cursor, over the death of a daemon, without a gap or a repetition', async () => {
    const first = home.start()
    const before = await home.connect()
    const seen: number[] = []
    before.peer.onNotice(eventNotice, ({ cursor }) => void seen.push(cursor))
    await before.peer.request(followEvents, { since: 0 })
    await before.peer.request(readEvents, {})
    first.kill('SIGKILL')
    await before.peer.closed
    home.start()
    const after = await home.connect()
    const started = new Promise<void>((resolve) =>
      after.peer.onNotice(eventNotice, ({ cursor, type, epoch }) => {
        seen.push(cursor)
        if (type === 'daemon.started' && epoch === 2) resolve()
      }),
    )
    await after.peer.request(followEvents, { since: seen.at(-1) ?? 0 })
    await started
    expect(seen).toEqual([1, 2, 3])
  })
})

describe('a store that is not as it was left', () => {
  it('I2 taken by a newer epoch: the older daemon notices with its next write and leaves', async () => {
    const daemon = home.start()
    const { peer } = await home.connect()
    const fence = { epoch: 99, instance: 'newer' }
    const { store } = openSqliteStore({ file: dbFile(), fence, clock: { wallMs: () => Date.now() } })
    // Draining writes an event: it is refused, and that does not keep it from leaving.
    await peer.request(daemonDrain, { reason: 'test' })
    expect(await daemon.ended()).toBe(0)
    const { events } = await store.events.read(0, 100)
    expect(events.map(({ type }) => type)).toEqual(['daemon.started'])
    await store.close()
  })

  it('I5 of a newer epoch than the claim: the start after the next one goes on from there', async () => {
    const first = home.start()
    await home.ask(daemonDrain, { reason: 'test' })
    await first.ended()
    const fence = { epoch: 40, instance: 'lost' }
    const { store } = openSqliteStore({ file: dbFile(), fence, clock: { wallMs: () => Date.now() } })
    await store.close()
    expect(await home.start().ended()).toBe(4)
    home.start()
    expect(await home.ask(daemonStatus, {})).toMatchObject({ daemon: { epoch: 41 } })
  })

  it('I5 corrupt: it is put aside, said in an event, and the daemon serves', async () => {
    mkdirSync(home.folders.state, { recursive: true, mode: 0o700 })
    writeFileSync(dbFile(), '{"pid":1}\n'.repeat(500))
    home.start()
    expect(await eventTypes()).toEqual(['store.put-aside', 'daemon.started'])
    const aside = readdirSync(home.folders.state).filter((name) => name.includes('.corrupt-'))
    expect(aside).toHaveLength(1)
    expect(readFileSync(join(home.folders.state, aside[0] ?? ''), 'utf8')).toContain('{"pid":1}')
  })

  it('I5 lost: a missing record and a missing store cost nothing but what was in them', async () => {
    const first = home.start()
    await home.connect()
    first.kill('SIGKILL')
    await first.ended()
    for (const suffix of ['', '-wal', '-shm']) rmSync(dbFile() + suffix, { force: true })
    writeFileSync(place().recordFile, '{"pid":1}')
    home.start()
    expect(await home.ask(daemonStatus, {})).toMatchObject({ daemon: { epoch: 2 }, lastExit: { kind: 'killed' } })
  })
})
