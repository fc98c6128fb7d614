// The daemon of tests/fixtures/small-daemon.ts, as real processes.
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Door, type SmallDaemon, SmallDaemons } from '../../../../tests/rig/small-daemon.ts'
import { parseRecord } from '../record.ts'

/** Waits for a condition; the test's own time limit ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10)
}

function namesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted((a, b) => a.localeCompare(b))
}

/** What a busy machine may add to a bound before a test calls it broken. */
const busyMs = 3000

test('I3 it is ready with a record that names a listening socket, answers, and leaves clean on SIGTERM', async () => {
  await using rig = new SmallDaemons()
  const daemon = await rig.ready()
  const record = parseRecord(readFileSync(rig.place.recordFile, 'utf8'))
  expect(record).toMatchObject({ epoch: 1, instance: daemon.instance, state: 'ready', socket: rig.place.publicSocket })
  expect(record?.identity.pid).toBe(daemon.pid)
  const door = await rig.knock({ nonce: 'fresh' })
  expect(door.answer).toMatchObject({ kind: 'welcome', nonce: 'fresh', epoch: 1, state: 'ready', pid: daemon.pid })
  expect(await door.ask('hello')).toBe('1 hello')
  daemon.child.kill('SIGTERM')
  expect(await daemon.ended).toMatchObject({
    code: 0,
    stdout: '{"kind":"ended","reason":"SIGTERM","superseded":false}\n',
  })
  expect(rig.exitOf(daemon)).toMatchObject({ kind: 'clean', reason: 'SIGTERM', wasReady: true })
  expect(readdirSync(rig.place.run)).toEqual([])
})

test('K3 a rival changes nothing, names the winner, and exits with 75', async () => {
  await using rig = new SmallDaemons()
  const daemon = await rig.ready()
  const before = namesIn(rig.home)
  const rival = rig.start()
  expect(await rival.readiness).toMatchObject({ kind: 'lost', by: { instance: daemon.instance } })
  expect((await rival.ended).code).toBe(75)
  expect(namesIn(rig.home)).toEqual(before)
})

test('I1 K5 of 12 started at once one is ready and every other names it', async () => {
  await using rig = new SmallDaemons()
  const all = Array.from({ length: 12 }, () => rig.start())
  const lines = await Promise.all(all.map((each) => each.readiness))
  const winners = all.filter((_, index) => lines[index]?.['kind'] === 'ready')
  expect(winners).toHaveLength(1)
  const named = lines.flatMap((line) => (line?.['kind'] === 'lost' ? [line['by']] : []))
  expect(named).toEqual(
    Array.from({ length: 11 }, () => expect.objectContaining({ instance: winners[0]?.instance }) as unknown),
  )
})

test('K24 K10 refusals: no hello, a protocol that nobody speaks, and a client that says nothing blocks nobody', async () => {
  await using rig = new SmallDaemons()
  await rig.ready()
  const silent = connect(rig.place.publicSocket)
  expect((await rig.knock({ kind: 'nonsense' })).answer).toMatchObject({ kind: 'refused', code: 'invalid' })
  expect((await rig.knock({ version: 'x'.repeat(20_000) })).answer).toMatchObject({ kind: 'refused', code: 'invalid' })
  const door = await rig.knock({ protocol: { min: 2, max: 3 }, version: '9' })
  expect(door.answer).toMatchObject({ kind: 'refused', code: 'incompatible' })
  expect(door.answer?.['message']).toBe('the daemon 1.0.0 speaks protocol 1 to 1, the client 9 2 to 3')
  expect(await (await rig.knock()).ask('still')).toBe('1 still')
  silent.destroy()
})

test('a hello is answered while the service opens; a request that came with it waits and is not lost', async () => {
  await using rig = new SmallDaemons()
  const daemon = rig.start({ failpoints: 'start.opened=1*delay(1)', openingMs: 700 })
  await until(() => existsSync(rig.place.publicSocket))
  const door = await rig.knock()
  expect(door.answer).toMatchObject({ kind: 'welcome', state: 'starting' })
  expect(await door.ask('early')).toBe('1 early')
  expect(await daemon.readiness).toMatchObject({ kind: 'ready' })
})

test('a service that cannot open: the starter is told why, the exit record too, and nothing stays', async () => {
  await using rig = new SmallDaemons()
  const daemon = rig.start({ opening: 'fail' })
  expect(await daemon.readiness).toMatchObject({
    kind: 'failed',
    code: 'start-failed',
    message: 'open was told to fail',
  })
  expect((await daemon.ended).code).toBe(1)
  expect(rig.exitOf(daemon)).toMatchObject({
    kind: 'crash',
    reason: 'it could not start: Error: open was told to fail',
  })
  expect(readdirSync(rig.place.run)).toEqual([])
  await rig.ready()
})

test('K33 an uncaught error, an unannounced exit and a SIGKILL are told apart, each once', async () => {
  await using rig = new SmallDaemons()
  const thrown = await rig.ready()
  void (await rig.knock()).ask('throw')
  expect((await thrown.ended).stderr).toContain('a client asked for it')
  expect(rig.exitOf(thrown)).toMatchObject({ kind: 'crash' })
  expect(rig.exitOf(thrown)?.reason).toContain('uncaughtException: Error: a client asked for it\n    at ')
  const exited = await rig.ready()
  void (await rig.knock()).ask('exit')
  expect((await exited.ended).code).toBe(3)
  expect(rig.exitOf(exited)).toMatchObject({
    kind: 'crash',
    reason: 'it exited with code 3 without having been told to leave',
  })
  const killed = await rig.ready()
  killed.child.kill('SIGKILL')
  await killed.ended
  const next = await rig.ready()
  expect(rig.exitOf(killed)).toMatchObject({ kind: 'killed', epoch: 3 })
  expect((await rig.knock()).answer).toMatchObject({ epoch: 4, instance: next.instance })
  expect(rig.exits()).toHaveLength(3)
})

/** A daemon that looks for hangs by now, and one of its clients. */
async function watched(rig: SmallDaemons): Promise<{ daemon: SmallDaemon; door: Door }> {
  const log = join(rig.home, 'log')
  const daemon = await rig.ready({ hangMs: 1500, log })
  const door = await rig.knock()
  await until(() => readFileSync(log, 'utf8').includes('watching for hangs'))
  return { daemon, door }
}

test('K16 a main loop that does not turn is ended and recorded as hung within 3 s of its budget', async () => {
  await using rig = new SmallDaemons()
  const { daemon, door } = await watched(rig)
  const started = performance.now()
  void door.ask('block')
  expect((await daemon.ended).signal).toBe('SIGKILL')
  expect(performance.now() - started).toBeLessThan(1500 + 3000 + busyMs)
  expect(rig.exitOf(daemon)).toMatchObject({ kind: 'hang', epoch: 1, wasReady: true })
  expect(rig.exitOf(daemon)?.reason).toMatch(/its main loop did not turn for \d+ ms/)
  await rig.ready()
})

test('K14 a daemon that was stopped for longer than its hang budget is not hung', async () => {
  await using rig = new SmallDaemons()
  const { daemon, door } = await watched(rig)
  daemon.child.kill('SIGSTOP')
  await sleep(4000)
  daemon.child.kill('SIGCONT')
  expect(await door.ask('back')).toBe('1 back')
  await sleep(1000)
  expect(await door.ask('still')).toBe('1 still')
  expect(rig.exits()).toEqual([])
})

test('K23 a drain ends by its deadline + 1 s: when it never resolves, clean; when the main loop is blocked, as a hang', async () => {
  await using rig = new SmallDaemons()
  for (const [draining, kind, signal] of [
    ['never', 'clean', null],
    ['block', 'hang', 'SIGKILL'],
  ] as const) {
    const daemon = await rig.ready({ draining, drainMs: 1000 })
    const door = await rig.knock()
    const started = performance.now()
    daemon.child.kill('SIGTERM')
    const ended = await daemon.ended
    expect(performance.now() - started).toBeLessThan(1000 + 1000 + busyMs)
    expect([ended.signal, rig.exitOf(daemon)?.kind]).toEqual([signal, kind])
    await door.closed
  }
})

test('K23 also while the service is still opening, and when that blocks', async () => {
  await using rig = new SmallDaemons()
  for (const [opening, kind] of [
    ['never', 'clean'],
    ['block', 'killed'],
  ] as const) {
    const daemon = rig.start({ opening, drainMs: 500 })
    await until(() => existsSync(rig.place.publicSocket) && (rig.exitOf(daemon)?.kind ?? 'none') === 'none')
    await sleep(200)
    daemon.child.kill('SIGTERM')
    // A blocked main loop does not hear a signal: whoever waits ends it, as hung.
    if (opening === 'block') daemon.child.kill('SIGKILL')
    await daemon.ended
    const next = await rig.ready()
    expect(rig.exitOf(daemon)?.kind).toBe(kind)
    next.child.kill('SIGTERM')
    await next.ended
  }
})

test('K24 from the announcement of a drain on nobody is welcomed, and the clients of before are served to its end', async () => {
  await using rig = new SmallDaemons()
  const daemon = await rig.ready({ draining: 'never', drainMs: 3000 })
  const door = await rig.knock()
  void door.ask('leave')
  await until(() => parseRecord(readFileSync(rig.place.recordFile, 'utf8'))?.state === 'draining')
  const late = await rig.knock()
  expect(late.answer).toMatchObject({ kind: 'refused', code: 'draining' })
  expect(await door.ask('during')).toBeTypeOf('string')
  await daemon.ended
  expect(rig.exitOf(daemon)?.reason).toBe('a client asked for it; the drain was cut off at its deadline')
})

test('K4 a daemon whose lock file is replaced refuses the next client, exits within 1 s, and touches nothing of its successor', async () => {
  await using rig = new SmallDaemons()
  const old = await rig.ready()
  renameSync(rig.place.lockFile, `${rig.place.lockFile}.moved`)
  const successor = await rig.ready()
  await old.ended
  expect(rig.exitOf(old)).toMatchObject({ kind: 'superseded' })
  expect((await rig.knock()).answer).toMatchObject({ epoch: 2, instance: successor.instance })
  const left = readdirSync(rig.place.run).toSorted()
  expect(left).toEqual(['daemon.i2', 'daemon.json', 'daemon.sock'])
})

test('I5 a removed socket, record or whole run folder is made anew by the living daemon', async () => {
  await using rig = new SmallDaemons()
  const daemon = await rig.ready()
  rmSync(rig.place.run, { recursive: true })
  await until(() => existsSync(rig.place.publicSocket) && existsSync(rig.place.recordFile))
  expect((await rig.knock()).answer).toMatchObject({ instance: daemon.instance })
  expect(statSync(rig.place.run).mode & 0o777).toBe(0o700)
  writeFileSync(rig.place.recordFile, '{"torn')
  expect((await rig.knock()).answer).toMatchObject({ instance: daemon.instance })
})

test('K27 K28 K29 an owned daemon leaves after the grace when its last owner is gone, however that went; others arm nothing', async () => {
  await using rig = new SmallDaemons()
  const daemon = await rig.ready({ owner: 'app', ownerGraceMs: 700 })
  const bystander = await rig.knock()
  bystander.socket.destroy()
  await sleep(1500)
  const owner = await rig.knock({ role: 'owner' })
  owner.socket.destroy()
  const again = await rig.knock({ role: 'owner' })
  await sleep(1500)
  expect(await again.ask('alive')).toBe('1 alive')
  again.socket.destroy()
  expect(await daemon.ended).toMatchObject({ code: 0 })
  expect(rig.exitOf(daemon)).toMatchObject({ kind: 'clean', reason: 'its owner app is gone' })
})

test('K30 a headless daemon does not stop for an owner that left', async () => {
  await using rig = new SmallDaemons()
  await rig.ready({ ownerGraceMs: 100 })
  const owner = await rig.knock({ role: 'owner' })
  owner.socket.destroy()
  await sleep(1000)
  expect(await (await rig.knock()).ask('here')).toBe('1 here')
})

test('an idle daemon leaves; a client keeps it', async () => {
  await using rig = new SmallDaemons()
  const daemon = await rig.ready({ idleMs: 1000 })
  const door = await rig.knock()
  await sleep(3000)
  expect(await door.ask('here')).toBe('1 here')
  door.socket.destroy()
  expect(await daemon.ended).toMatchObject({ code: 0 })
  expect(rig.exitOf(daemon)).toMatchObject({ kind: 'clean', reason: 'idle' })
})

test('K42 after too many ends at its start it serves its status only, and tells why', async () => {
  await using rig = new SmallDaemons()
  for (let round = 0; round < 6; round += 1) await rig.start({ opening: 'fail' }).ended
  const daemon = rig.start({ opening: 'fail' })
  expect(await daemon.readiness).toMatchObject({ kind: 'ready' })
  expect((await rig.knock()).answer).toMatchObject({ kind: 'welcome', state: 'quarantined' })
  daemon.child.kill('SIGTERM')
  await daemon.ended
  await rig.ready()
})

test('K22 torn and hostile files of every kind do not keep it from starting', async () => {
  await using rig = new SmallDaemons()
  const first = await rig.ready()
  first.child.kill('SIGKILL')
  await first.ended
  for (const junk of ['', '{', '\0\0\0', 'x'.repeat(100_000), '{"schema":1,"identity":{"pid":1}}']) {
    const files = [
      rig.place.recordFile,
      rig.place.epochFile,
      rig.place.publicSocket,
      join(rig.place.exitsFolder, 'z.json'),
    ]
    for (const file of files) {
      rmSync(file, { force: true })
      writeFileSync(file, junk)
    }
    const daemon = await rig.ready()
    expect((await rig.knock()).answer).toMatchObject({ instance: daemon.instance })
    daemon.child.kill('SIGKILL')
    await daemon.ended
  }
})

test('K44 a home of 300 bytes works: its sockets lie in a short folder that is ours alone', async () => {
  const base = mkdtempSync(join(tmpdir(), 'hf-'))
  const home = join(base, ...Array.from({ length: 6 }, () => 'a-long-name-'.repeat(4)))
  await using rig = new SmallDaemons(home)
  const daemon = await rig.ready()
  expect((await rig.knock()).answer).toMatchObject({ instance: daemon.instance })
  expect(home.length).toBeGreaterThan(300)
  expect(Buffer.byteLength(rig.place.publicSocket)).toBeLessThanOrEqual(90)
  expect(statSync(rig.place.sockets).mode & 0o777).toBe(0o700)
  const rival = rig.start()
  expect(await rival.readiness).toMatchObject({ kind: 'lost' })
  daemon.child.kill('SIGTERM')
  await daemon.ended
  expect(readdirSync(rig.place.sockets)).toEqual([])
  rmSync(rig.place.sockets, { recursive: true })
  rmSync(base, { recursive: true })
})

test('K43 a state folder that others may enter is refused by name, with the fix, and works once it is closed', async () => {
  await using rig = new SmallDaemons()
  const first = await rig.ready()
  first.child.kill('SIGTERM')
  await first.ended
  chmodSync(rig.place.claim, 0o755)
  const refused = rig.start()
  const line = await refused.readiness
  expect(line).toMatchObject({ kind: 'failed', code: 'folder-open' })
  expect(`${String(line?.['message'])} ${String(line?.['hint'])}`).toContain(`${rig.place.claim} has mode 755`)
  expect(String(line?.['hint'])).toContain('chmod 700')
  await refused.ended
  chmodSync(rig.place.claim, 0o700)
  await rig.ready()
})
