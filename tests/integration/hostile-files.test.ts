// Records and sockets that are missing, torn, forged, of a reused pid or of another user: the right verdict for each, service
// restored where it may be, and no signal to a bystander.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Holdfast, signal } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

const nobody = 65_534

/** Somebody's process that must never hear from us. */
function bystander(): number {
  const child = spawn('sleep', ['600'], { stdio: 'ignore', env: {} })
  onTestFinished(() => void child.kill('SIGKILL'))
  if (child.pid === undefined) throw new Error('no bystander')
  return child.pid
}

function startTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
}

const records: [string, (holdfast: Holdfast, pid: number) => string][] = [
  ['empty', () => ''],
  ['an array', () => '[]'],
  ['only a pid', (_, pid) => JSON.stringify({ pid })],
  ['torn', (holdfast) => readFileSync(holdfast.runPath('daemon.json'), 'utf8').slice(0, 60)],
  ['binary', () => '\u0000\u0001\uFFFD'.repeat(100)],
  ['1 MiB of brackets', () => '['.repeat(1 << 20)],
  [
    'forged with the identity of a bystander',
    (holdfast, pid) => {
      const record = JSON.parse(readFileSync(holdfast.runPath('daemon.json'), 'utf8')) as Record<string, unknown>
      const identity = record['identity'] as Record<string, unknown>
      return JSON.stringify({ ...record, identity: { ...identity, pid, startTicks: startTicks(pid) } })
    },
  ],
]

describe('K22 I3 I6 a record that is', () => {
  it.each(records)('%s changes nothing for a live daemon, nor for the next one', async (_, forge) => {
    const holdfast = new Holdfast()
    const pid = bystander()
    const daemon = await holdfast.up()
    writeFileSync(holdfast.runPath('daemon.json'), forge(holdfast, pid))
    expect(await holdfast.up()).toBe(daemon)
    writeFileSync(holdfast.runPath('daemon.json'), 'torn')
    signal(daemon, 'SIGKILL')
    await until('it is gone', () => !isRunning(daemon))
    expect(await holdfast.up()).not.toBe(daemon)
    expect(isRunning(pid)).toBe(true)
  })

  it('missing, with its socket: the live daemon is found again or replaced, never doubled', async () => {
    const holdfast = new Holdfast()
    await holdfast.up()
    rmSync(holdfast.runPath('daemon.json'), { force: true })
    rmSync(holdfast.runPath('daemon.sock'), { force: true })
    await holdfast.up()
    await until('one daemon is left', () => holdfast.daemons().length === 1)
    expect((await holdfast.run(['status'])).code).toBe(0)
  })

  it('in a run folder that was removed whole: served again, by one daemon', async () => {
    const holdfast = new Holdfast()
    await holdfast.up()
    rmSync(holdfast.runPath(), { recursive: true, force: true })
    const { id } = await holdfast.json<{ id: string }>(['ask', 'guide', 'repeat after me: here', '--no-wait'])
    expect(await holdfast.json(['wait', id])).toMatchObject({ reply: 'here' })
    await until('one daemon is left', () => holdfast.daemons().length === 1)
  })

  it('in whose place lies a folder: the daemon serves, and is shown', async () => {
    const holdfast = new Holdfast()
    mkdirSync(holdfast.runPath('daemon.json'), { recursive: true, mode: 0o700 })
    for (const folder of [holdfast.runPath(), dirname(holdfast.runPath())]) chmodSync(folder, 0o700)
    writeFileSync(holdfast.runPath('daemon.json/x'), '')
    const daemon = await holdfast.up()
    expect(await holdfast.json(['status'])).toMatchObject({ daemon: { pid: daemon, state: 'ready' } })
    expect(await holdfast.json(['ask', 'guide', 'repeat after me: here'])).toMatchObject({ reply: 'here' })
    signal(daemon, 'SIGKILL')
    expect(await holdfast.up()).not.toBe(daemon)
  })

  it('forged, and the lock held by a daemon that hangs: the bystander it names gets no signal', async () => {
    const holdfast = new Holdfast()
    const pid = bystander()
    const daemon = await holdfast.up()
    const record = JSON.parse(readFileSync(holdfast.runPath('daemon.json'), 'utf8')) as { identity: object }
    const forged = { ...record, identity: { ...record.identity, pid, startTicks: startTicks(pid) } }
    writeFileSync(holdfast.runPath('daemon.json'), JSON.stringify(forged))
    signal(daemon, 'SIGSTOP')
    const ran = await holdfast.run(['up', '--timeout', '10s', '--json'])
    expect(isRunning(pid)).toBe(true)
    signal(daemon, 'SIGCONT')
    expect([0, 4, 7]).toContain(ran.code)
    await until('served', async () => (await holdfast.run(['up'])).code === 0)
    expect(isRunning(pid)).toBe(true)
  })
})

describe('I16 what belongs to another user', () => {
  it('a run folder of another user is refused, with its path and owner', async () => {
    const holdfast = new Holdfast()
    mkdirSync(holdfast.runPath(), { recursive: true, mode: 0o700 })
    chmodSync(dirname(holdfast.runPath()), 0o700)
    chownSync(holdfast.runPath(), nobody, nobody)
    const ran = await holdfast.run(['up'])
    expect(ran.code).toBe(4)
    expect(ran.stderr).toContain(holdfast.runPath())
    expect(ran.stderr).toContain(String(nobody))
    expect(holdfast.daemons()).toEqual([])
    chownSync(holdfast.runPath(), 0, 0)
    await holdfast.up()
  })

  it('a socket planted by another user is neither used nor removed', async () => {
    const holdfast = new Holdfast()
    const plant = `const {createServer}=require('node:net');process.setuid(${nobody});`
    await holdfast.up()
    await holdfast.run(['down'])
    chmodSync(holdfast.home, 0o755)
    chmodSync(dirname(holdfast.runPath()), 0o755)
    chmodSync(holdfast.runPath(), 0o777)
    const server = spawn(
      process.execPath,
      [
        '-e',
        `${plant}createServer(s=>s.write('{"welcome":true}\\n')).listen(process.argv[1],()=>console.log('up'))`,
        holdfast.runPath('daemon.sock'),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], env: {} },
    )
    onTestFinished(() => void server.kill('SIGKILL'))
    await new Promise((resolve) => server.stdout.once('data', resolve))
    chmodSync(holdfast.runPath(), 0o700)
    chmodSync(dirname(holdfast.runPath()), 0o700)
    const status = await holdfast.run(['ps'])
    expect(status.code).toBe(4)
    expect(status.stderr).toContain('daemon.sock')
    expect(status.stderr).toContain(String(nobody))
    expect(server.exitCode).toBeNull()
    expect(existsSync(holdfast.runPath('daemon.sock'))).toBe(true)
  })

  it('another user cannot open the socket', async () => {
    const holdfast = new Holdfast()
    await holdfast.up()
    const code = `process.setuid(${nobody});require('node:net').connect(process.argv[1]).on('error',e=>console.log(e.code)).on('connect',()=>console.log('open'))`
    const ran = spawnSync(process.execPath, ['-e', code, holdfast.runPath('daemon.sock')], {
      encoding: 'utf8',
      env: {},
    })
    expect(ran.stdout.trim()).toBe('EACCES')
  })

  it('a run folder that is a symbolic link is refused', async () => {
    const holdfast = new Holdfast()
    mkdirSync(dirname(holdfast.runPath()), { recursive: true, mode: 0o700 })
    mkdirSync(`${holdfast.home}/elsewhere`, { mode: 0o700 })
    symlinkSync(`${holdfast.home}/elsewhere`, holdfast.runPath())
    const ran = await holdfast.run(['up'])
    expect(ran.code).toBe(4)
    expect(ran.stderr).toContain('symbolic link')
    rmSync(holdfast.runPath())
  })
})

describe('K22 something else in the place of our own folders and logs', () => {
  it('a log that is a FIFO, a folder or below a file: `logs` says so at once', async () => {
    const holdfast = new Holdfast()
    const log = join(holdfast.home, 'state/default/logs/daemon.log')
    mkdirSync(log, { recursive: true, mode: 0o700 })
    const folder = await holdfast.run(['logs', 'daemon'])
    rmSync(log, { recursive: true })
    spawnSync('mkfifo', [log])
    const fifo = await holdfast.run(['logs', 'daemon'], { timeoutMs: 20_000 })
    rmSync(dirname(log), { recursive: true })
    writeFileSync(dirname(log), '')
    const below = await holdfast.run(['logs', 'daemon'])
    rmSync(dirname(log))
    for (const ran of [folder, fifo, below]) {
      expect(ran.code).toBe(3)
      expect(ran.stderr).toContain(log)
      expect(ran.stderr).not.toContain('    at ')
    }
  })

  it.each(['claim', 'claim/daemon.exits'])(
    'a file in the place of %s: looking still works, starting names it',
    async (name) => {
      const holdfast = new Holdfast()
      const path = join(holdfast.home, 'state/default', name)
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeFileSync(path, '')
      expect(await holdfast.json(['status'])).toMatchObject({ daemon: null, lastExit: null })
      const ran = await holdfast.run(['up'])
      const seen = await holdfast.run(['doctor'])
      rmSync(path)
      expect(ran.code).toBe(4)
      expect(ran.stderr).toContain(`${path} is not a folder`)
      expect(seen.stderr).toBe('')
    },
  )
})
