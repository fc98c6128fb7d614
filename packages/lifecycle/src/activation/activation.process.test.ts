import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { readExit } from '../claim/exit-record.ts'
import { systemFiles } from '../claim/system-ports.ts'
import { isLifecycleError } from '../errors.ts'
import { ensureFolder } from '../folders.ts'
import { thisSystem } from '../os/this-system.ts'
import { isAlive, processIdentity } from '../process/identity.ts'
import { encodeLabel, encodeRecord, parseRecord } from '../record.ts'
import { EchoHome, greeting } from '../testing/echo-home.ts'
import { connectDaemon } from './connect.ts'
import { labelOf, provedHolder } from './holder.ts'
import { observe } from './observe.ts'

const homes: EchoHome[] = []
const bystanders: ChildProcess[] = []
const servers: Server[] = []

function newHome(): EchoHome {
  const home = new EchoHome()
  homes.push(home)
  return home
}

afterEach(async () => {
  for (const server of servers.splice(0)) server.close()
  for (const child of bystanders.splice(0)) child.kill('SIGKILL')
  await Promise.all(homes.splice(0).map((home) => home.remove()))
})

/** The error code of what is expected to fail. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    return isLifecycleError(error) ? error.code : `not ours: ${String(error)}`
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

function makeFolders(home: EchoHome): void {
  for (const folder of home.place.owned) ensureFolder(folder, thisSystem.uid())
}

async function listen(home: EchoHome, answer: string | null): Promise<Server> {
  makeFolders(home)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    if (answer !== null) socket.write(answer)
  })
  servers.push(server)
  server.listen(home.place.publicSocket)
  await once(server, 'listening')
  return server
}

test('K5 of 24 cold clients one starts the daemon, at most one candidate loses, and all are served', async () => {
  const home = newHome()
  const reports = await Promise.all(Array.from({ length: 24 }, () => home.client().report))
  expect(reports.filter((each) => each.error !== undefined)).toEqual([])
  expect(new Set(reports.map((each) => each.instance)).size).toBe(1)
  expect(reports.filter((each) => each.started)).toHaveLength(1)
  expect(home.candidates()).toBeLessThanOrEqual(2)
})

test('I4 a healthy daemon is used: nothing is started, replaced or signalled', async () => {
  const home = newHome()
  const first = await home.ensure()
  expect(first).toMatchObject({ started: true, reason: 'absent' })
  const second = await home.ensure()
  expect(second).toMatchObject({ started: false, reason: 'running' })
  expect(second.welcome.instance).toBe(first.welcome.instance)
  expect(home.candidates()).toBe(1)
})

test('I5 a killed daemon is replaced, and the reason is told', async () => {
  const home = newHome()
  const { welcome } = await home.ensure()
  process.kill(welcome.pid, 'SIGKILL')
  const next = await home.ensure()
  expect(next).toMatchObject({ started: true, reason: 'crashed' })
  expect(next.welcome.epoch).toBeGreaterThan(welcome.epoch)
})

test('a daemon is in no process group, session or descent of whoever started it, and has nothing of its secrets', async () => {
  const home = newHome()
  const secrets = { HOLDFAST_CHILD: 'test/x', API_KEY: 'secret', NODE_OPTIONS: '--no-warnings', HOLDFAST_OWN: 'kept' }
  const { welcome } = await home.ensure({ start: home.start(secrets) })
  const [self, daemon] = [thisSystem.stat(process.pid), thisSystem.stat(welcome.pid)]
  if (self === null || self === 'unknown' || daemon === null || daemon === 'unknown') throw new Error('not seen')
  expect(daemon.session).not.toBe(self.session)
  expect(daemon.pgid).not.toBe(self.pgid)
  expect(daemon.ppid).not.toBe(self.pid)
  const seen = (name: string): string | null => thisSystem.variableOf(welcome.pid, name)
  expect([seen('HOLDFAST_CHILD'), seen('API_KEY'), seen('NODE_OPTIONS')]).toEqual([null, null, null])
  expect([seen('HOLDFAST_OWN'), seen('HOLDFAST_INSTANCE')]).toEqual(['kept', welcome.instance])
})

test('K14 a stopped daemon is proved hung, ended and replaced within five seconds; how it ended is on record', async () => {
  const home = newHome()
  const { welcome } = await home.ensure()
  process.kill(welcome.pid, 'SIGSTOP')
  const begun = performance.now()
  const next = await home.ensure()
  expect(performance.now() - begun).toBeLessThan(20_000)
  expect(next).toMatchObject({
    started: true,
    reason: 'hung',
    replaced: { pid: welcome.pid, instance: welcome.instance },
  })
  expect(await readExit(systemFiles(), home.place, welcome.instance)).toMatchObject({ kind: 'hang' })
  const ended = thisSystem.stat(welcome.pid)
  expect(ended === null || (ended !== 'unknown' && !ended.isRunning)).toBe(true)
})

test('K14 a daemon that was paused for less than the budget is kept', async () => {
  const home = newHome()
  const { welcome } = await home.ensure()
  process.kill(welcome.pid, 'SIGSTOP')
  setTimeout(() => process.kill(welcome.pid, 'SIGCONT'), 500)
  const next = await home.ensure()
  expect(next).toMatchObject({ started: false, reason: 'running' })
  expect(next.welcome.instance).toBe(welcome.instance)
})

test('K13 a forged record and a forged label never point at a bystander; the true holder is found and ended', async () => {
  const home = newHome()
  const { welcome } = await home.ensure()
  const bystander = spawn('sleep', ['600'], { stdio: 'ignore' })
  bystanders.push(bystander)
  const identity = processIdentity(bystander.pid ?? 0)
  const label = labelOf(home.place)
  const record = parseRecord(readFileSync(home.place.recordFile, 'utf8'))
  if (identity === null || identity === 'unknown' || label === null || record === null)
    throw new Error('nothing to forge')
  process.kill(welcome.pid, 'SIGSTOP')
  writeFileSync(home.place.lockFile, encodeLabel({ ...label, identity }), { flag: 'r+' })
  writeFileSync(home.place.recordFile, encodeRecord({ ...record, identity }))
  const next = await home.ensure()
  expect(next).toMatchObject({ started: true, replaced: { pid: welcome.pid } })
  expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null])
})

test('K22 a missing, torn or hostile record changes nothing', async () => {
  const home = newHome()
  const { welcome } = await home.ensure()
  const { recordFile } = home.place
  for (const text of ['', '{', '{"schema":1}', '\0'.repeat(9999), '{"schema":1,"identity":{"pid":1}}']) {
    writeFileSync(recordFile, text)
    expect((await home.ensure()).welcome.instance).toBe(welcome.instance)
  }
  rmSync(recordFile)
  expect((await home.ensure()).welcome.instance).toBe(welcome.instance)
  execFileSync('mkfifo', [recordFile])
  expect((await home.ensure()).welcome.instance).toBe(welcome.instance)
  expect(await observe(home.place, greeting, { probeMs: 1000 })).toMatchObject({ state: 'ready', record: null })
})

test('K13 from another pid namespace nobody can be proved: OwnerUnknown, and no signal', async () => {
  const home = newHome()
  const { welcome } = await home.ensure()
  process.kill(welcome.pid, 'SIGSTOP')
  const { report } = home.client(30_000, ['unshare', '-Urpf', '--mount-proc'])
  expect(await report).toMatchObject({ error: 'owner-unknown' })
  expect(thisSystem.stat(welcome.pid)).toMatchObject({ isRunning: true })
})

test('K15 a listener of ours that is no daemon is neither used nor ended', async () => {
  const home = newHome()
  await listen(home, 'HTTP/1.1 400 Bad Request\r\n\r\n')
  expect(await codeOf(home.ensure())).toBe('daemon-foreign')
  expect(home.candidates()).toBe(0)
})

test('K11 who is silent without holding the lock is no daemon: it is left alone, and a daemon takes the name', async () => {
  const home = newHome()
  await listen(home, null)
  const next = await home.ensure()
  expect(next.started).toBe(true)
  expect(next.replaced).toBe(undefined)
})

const isRoot = process.getuid?.() === 0

test.runIf(isRoot)(
  'K15 a socket or a folder of another user is refused with its path and owner; nothing is started',
  async () => {
    const home = newHome()
    await listen(home, null)
    chownSync(home.place.publicSocket, 65_534, 65_534)
    const socket = await home.ensure().catch((error: unknown) => error)
    expect(socket).toMatchObject({ code: 'daemon-foreign' })
    expect(String(socket)).toContain(home.place.publicSocket)
    expect(String(socket)).toContain('65534')
    chownSync(home.place.publicSocket, 0, 0)
    chownSync(home.place.run, 65_534, 65_534)
    const folder = await home.ensure().catch((error: unknown) => error)
    expect(folder).toMatchObject({ code: 'folder-foreign' })
    expect(String(folder)).toContain(home.place.run)
    expect(await observe(home.place, greeting, { probeMs: 500 })).toMatchObject({ state: 'foreign' })
    chownSync(home.place.run, 0, 0)
    expect(home.candidates()).toBe(0)
  },
)

test.runIf(isRoot)('K18 a user who may not enter is told so at once, and starts nothing', async () => {
  const home = newHome()
  await home.ensure()
  const other = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
  const report = await home.client(30_000, other).report
  expect(report.error).toMatch(/^(folder|daemon)-(foreign|forbidden|unwritable)$/)
  expect(report.tookMs).toBeLessThan(15_000)
  expect(home.candidates()).toBe(1)
})

test('K19 a starter that is killed while it starts does not hold up the next', async () => {
  const home = newHome()
  const starter = home.client()
  await until(() => home.candidates() === 1)
  starter.process.kill('SIGKILL')
  const next = await home.ensure()
  expect(next.welcome.epoch).toBeGreaterThan(0)
  expect(home.candidates()).toBeLessThanOrEqual(2)
  await starter.report
})

test('K19 wherever a starter is killed, the next client is served', async () => {
  const home = newHome()
  for (let afterMs = 60; afterMs <= 600; afterMs += 60) {
    const starter = home.client()
    const killed = new Promise((resolve) => setTimeout(() => resolve(starter.process.kill('SIGKILL')), afterMs))
    await Promise.all([killed, starter.report])
    const next = await home.ensure({ deadlineMs: 30_000 })
    expect(next.welcome.epoch).toBeGreaterThan(0)
    // Each starter finds no daemon.
    const gone = processIdentity(next.welcome.pid)
    process.kill(next.welcome.pid, 'SIGKILL')
    await until(() => gone === null || gone === 'unknown' || isAlive(gone) === 'dead')
  }
})

test('K19 a starter that is stopped (Ctrl-Z) while it has the turn is passed over', async () => {
  const home = newHome()
  makeFolders(home)
  const lock = spawn(process.execPath, [
    '-e',
    `require('fs-native-extensions').tryLock(require('fs').openSync(${JSON.stringify(home.place.startLockFile)}, 'a+'));
     console.log('locked'); setInterval(() => undefined, 1000)`,
  ])
  bystanders.push(lock)
  await once(lock.stdout, 'data')
  lock.kill('SIGSTOP')
  expect((await home.ensure({ deadlineMs: 30_000 })).started).toBe(true)
})

test('K17 a candidate that is stopped at any step costs its starter the deadline, and the next one not', async () => {
  const steps = ['claim.prepared', 'claim.locked', 'claim.labelled', 'claim.epoch', 'publish.bound', 'start.ready']
  const results = await Promise.all(
    steps.map(async (step) => {
      const home = newHome()
      const begun = performance.now()
      const start = home.start({ HOLDFAST_FAILPOINTS: `${step}=stop` })
      const code = await codeOf(home.ensure({ start, deadlineMs: 5000 }))
      const tookMs = performance.now() - begun
      const next = await home.ensure()
      return { step, code, isInTime: tookMs < 15_000, isServed: next.welcome.state !== 'draining' }
    }),
  )
  for (const each of results) {
    expect(each).toMatchObject({ isInTime: true, isServed: true })
    // A daemon that is stopped once it listens is met by its starter as a hung one, or not before the deadline.
    expect(['start-timeout', 'deadline-over', 'none']).toContain(each.code)
  }
})

test('K34 a start that fails tells the cause and the end of the log', async () => {
  const home = newHome()
  const thrown = await home.ensure({ start: home.start({ HOLDFAST_FAIL: 'throw' }) }).catch((error: unknown) => error)
  expect(thrown).toMatchObject({
    code: 'start-failed',
    evidence: expect.stringContaining('disk of this test is on fire'),
  })
  const opened = await home.ensure({ start: home.start({ HOLDFAST_FAIL: 'open' }) }).catch((error: unknown) => error)
  expect(opened).toMatchObject({ code: 'start-failed', message: expect.stringContaining('store is upside down') })
  const absent = await home
    .ensure({ start: { ...home.start(), command: '/nowhere/node' } })
    .catch((error: unknown) => error)
  expect(absent).toMatchObject({ code: 'start-failed', evidence: expect.stringContaining('/nowhere/node') })
  expect((await home.ensure()).started).toBe(true)
})

test('K17 a FIFO or a folder in the place of a file makes nobody wait for ever', async () => {
  const files = ['publicSocket', 'recordFile', 'lockFile', 'startLockFile', 'epochFile'] as const
  const obstacles = files.flatMap((file) => ['fifo', 'folder'].map((what) => ({ file, what })))
  const results = await Promise.all(
    obstacles.map(async ({ file, what }) => {
      const home = newHome()
      makeFolders(home)
      const path = home.place[file]
      if (what === 'fifo') execFileSync('mkfifo', [path])
      else mkdirSync(path)
      const begun = performance.now()
      const code = await codeOf(home.ensure({ deadlineMs: 20_000 }))
      return { file, what, code, isInTime: performance.now() - begun < 30_000 }
    }),
  )
  const codeAt = (file: string): string[] => results.filter((each) => each.file === file).map((each) => each.code)
  expect(results.filter((each) => !each.isInTime)).toEqual([])
  expect(codeAt('publicSocket')).toEqual(['none', 'path-obstructed'])
  // The record is for people: nothing else depends on it.
  expect(codeAt('recordFile')).toEqual(['none', 'none'])
  expect(codeAt('lockFile')).toEqual(['path-obstructed', 'path-obstructed'])
  expect(codeAt('startLockFile')).toEqual(['none', 'path-obstructed'])
  expect(codeAt('epochFile')).toEqual(['none', 'path-obstructed'])
})

test('a log that cannot be written is a typed error that names it, not a start without a log', async () => {
  const home = newHome()
  makeFolders(home)
  const { logFile } = home.start()
  mkdirSync(logFile)
  const folder = await home.ensure().catch((error: unknown) => error)
  expect(folder).toMatchObject({ code: 'path-obstructed', message: expect.stringContaining(logFile) })
  rmSync(logFile, { recursive: true })
  execFileSync('mkfifo', [logFile])
  expect(await codeOf(home.ensure())).toBe('path-obstructed')
  expect(home.candidates()).toBe(0)
})

test('observe starts, ends and changes nothing', async () => {
  const home = newHome()
  expect(await observe(home.place, greeting, { probeMs: 500 })).toMatchObject({ state: 'absent', record: null })
  expect(home.candidates()).toBe(0)
  const { welcome } = await home.ensure()
  expect(await observe(home.place, greeting, { probeMs: 2000 })).toMatchObject({
    state: 'ready',
    welcome: { pid: welcome.pid },
  })
  process.kill(welcome.pid, 'SIGSTOP')
  expect(await observe(home.place, greeting, { probeMs: 500 })).toMatchObject({ state: 'hung' })
  process.kill(welcome.pid, 'SIGCONT')
  expect((await home.ensure()).welcome.instance).toBe(welcome.instance)
  process.kill(welcome.pid, 'SIGKILL')
  await until(() => provedHolder(home.place.lockFile) === null)
  expect(await observe(home.place, greeting, { probeMs: 500 })).toMatchObject({ state: 'absent' })
  expect(home.candidates()).toBe(1)
})

test('K20 a daemon that is not as wished for is asked to leave once a call, and its successor is taken as it is', async () => {
  const home = newHome()
  const { welcome } = await home.ensure()
  const asked: string[] = []
  const next = await home.ensure({
    replaces: ({ instance, pid }) => ({
      reason: 'upgrade',
      askToLeave: async () => {
        asked.push(instance)
        process.kill(pid, 'SIGTERM')
      },
    }),
  })
  expect(asked).toEqual([welcome.instance])
  expect(next).toMatchObject({ started: true, reason: 'upgrade' })
  expect(await readExit(systemFiles(), home.place, welcome.instance)).toMatchObject({ kind: 'clean' })
})

test('K42 a crash loop is told with its cause and is not restarted on and on', async () => {
  const home = newHome()
  const start = home.start({ HOLDFAST_FAIL: 'open' })
  const codes: string[] = []
  for (let attempt = 0; attempt < 10; attempt += 1) codes.push(await codeOf(home.ensure({ start })))
  expect(codes.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'start-failed'))
  expect(codes.at(-1)).toBe('daemon-quarantined')
  const candidates = home.candidates()
  const error = await home.ensure({ start }).catch((error: unknown) => error)
  expect(error).toMatchObject({ message: expect.stringContaining('upside down') })
  expect(home.candidates()).toBe(candidates)
  expect(await observe(home.place, greeting, { probeMs: 2000 })).toMatchObject({ state: 'quarantined' })
})

test('K10 bytes that follow the welcome are not lost', async () => {
  const home = newHome()
  await home.ensure()
  const found = await connectDaemon(home.place, greeting, { timeoutMs: 5000 })
  if (found.kind !== 'connected') throw new Error(found.kind)
  found.socket.write('ping')
  const [data] = (await once(found.socket, 'data')) as [Buffer]
  expect(data.toString()).toBe('ping')
  found.socket.destroy()
})
