import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { findTagged } from '@holdfast/lifecycle'
import { expect, test } from 'vitest'
import { LocalKeeper, Recorder } from '../testing/local-keeper.ts'

const ignoresTerm = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")'
/** Starts a process in another session, whose parent exits at once, with the same output. */
const doubleFork = `
  const { spawn } = require('node:child_process')
  spawn('sh', ['-c', 'setsid sleep 300 & echo forked'], { stdio: 'inherit' })
`

async function eventually(check: () => boolean): Promise<void> {
  while (!check()) await sleep(10)
}

test('K39 a child that ignores TERM is killed after the grace', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.script(ignoresTerm))
  const output = new Recorder()
  await daemon.attach('c1', 0, output)
  await output.has(3)
  expect(await daemon.terminate('c1', 100)).toMatchObject({ code: null, signal: 'SIGKILL', survivors: [] })
  expect(await output.ended).toMatchObject({ signal: 'SIGKILL' })
  expect(await daemon.terminate('c1', 100)).toMatchObject({ signal: 'SIGKILL' })
})

test('K39 terminate closes the input first, so that a child can end by itself', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  const source =
    'process.on("SIGTERM", () => {}); process.stdin.resume().on("end", () => process.exit(7)); console.log("up")'
  await daemon.spawn(keeper.script(source))
  const output = new Recorder()
  await daemon.attach('c1', 0, output)
  await output.has(3)
  expect(await daemon.terminate('c1', 30_000)).toMatchObject({ code: 7, signal: null })
})

test('I8 K39 what a child started in another session is ended with it', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.script(`${doubleFork}; setInterval(() => {}, 1000)`))
  const output = new Recorder()
  await daemon.attach('c1', 0, output)
  await output.has(7)
  await eventually(() => findTagged(`${keeper.folder}/c1`).some((each) => each.command.startsWith('sleep')))
  expect(await daemon.terminate('c1', 2000)).toMatchObject({ survivors: [] })
  expect(findTagged(`${keeper.folder}/c1`)).toEqual([])
})

test('I8 a child that exits by itself leaves nothing behind, and its end does not wait for a grandchild', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.script(`${doubleFork}; setTimeout(() => process.exit(3), 200)`))
  const output = new Recorder()
  await daemon.attach('c1', 0, output)
  expect(await output.ended).toMatchObject({ code: 3, survivors: [] })
  expect(output.text).toBe('forked\n')
  expect(findTagged(`${keeper.folder}/c1`)).toEqual([])
})

test('K40 ending one child does not touch another', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.spec('cat', [], { id: 'a1' }))
  await daemon.spawn(keeper.spec('cat', [], { id: 'a10' }))
  await daemon.terminate('a1', 2000)
  const output = new Recorder()
  await daemon.attach('a10', 0, output)
  await daemon.input('a10', null, Buffer.from('still here\n'))
  await output.has(11)
  expect(output.text).toBe('still here\n')
})

test('I9 a child that closes its output and runs on is told apart from one that exits', async () => {
  await using keeper = await new LocalKeeper({ closingMs: 50 }).start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.spec('sh', ['-c', 'echo last; exec >&-; read line; exit 5']))
  const output = new Recorder()
  await daemon.attach('c1', 0, output)
  await eventually(() => output.ends.length > 0)
  expect(output.ends).toEqual([null])
  await daemon.input('c1', null, Buffer.from('go\n'))
  expect(await output.ended).toMatchObject({ code: 5 })
  expect(output.ends).toHaveLength(2)
})

test('the exit status and the rest of the output stay until the child is forgotten', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect(1)
  await daemon.spawn(keeper.spec('sh', ['-c', 'echo out; echo err >&2; exit 9']))
  daemon.close()
  await daemon.closed
  const next = await keeper.connect(2)
  const output = new Recorder()
  await next.attach('c1', 0, output)
  expect(await output.ended).toMatchObject({ code: 9, signal: null })
  expect(output.text).toBe('out\n')
  expect(await next.list()).toMatchObject([{ id: 'c1', exit: { code: 9 } }])
  await eventually(() => readFileSync(`${keeper.folder}/c1.log`, 'utf8') === 'err\n')
  await next.forget('c1')
  expect(await next.list()).toEqual([])
})

test('a child that runs is not forgotten', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.spec('cat'))
  await expect(daemon.forget('c1')).rejects.toMatchObject({ code: 'still-running' })
})

test('K38 an id names one child for ever: spawning it again gives what is held', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  const [one, two] = await Promise.all([
    daemon.spawn(keeper.spec('cat', [], { id: 'x' })),
    daemon.spawn(keeper.spec('cat', [], { id: 'x' })),
  ])
  expect(two.pid).toBe(one.pid)
  await daemon.terminate('x', 1000)
  const again = await daemon.spawn(keeper.spec('cat', [], { id: 'x' }))
  expect(again.pid).toBe(one.pid)
  expect(again.exit).not.toBeNull()
})

test.each([
  ['no-such-program', {}, 'cannot start "no-such-program": it is not in PATH'],
  ['/no/such/file', {}, 'cannot start "/no/such/file": there is no such file'],
  ['/', {}, 'cannot start "/": it may not be executed'],
  ['cat', { cwd: '/no/such/folder' }, 'cannot start "cat": its working folder /no/such/folder does not exist'],
  ['cat', { cwd: '/etc/passwd' }, 'cannot start "cat": its working folder /etc/passwd is not a folder'],
])('a child that cannot be started is not held: %s %j', async (command, more, message) => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  const error: unknown = await daemon.spawn(keeper.spec(command, [], more)).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'spawn-failed', message: expect.stringContaining(message) as string })
  expect(await daemon.list()).toEqual([])
})

test('a child makes files as its user would, whatever the keeper keeps to itself', async () => {
  const before = process.umask(0o077)
  try {
    await using keeper = await new LocalKeeper().start()
    const daemon = await keeper.connect()
    const masks: string[] = []
    for (const more of [{}, { umask: 0o027 }, { io: { pty: { columns: 80, rows: 24 } } }]) {
      const spec = keeper.spec('sh', ['-c', 'umask'], more)
      await daemon.spawn(spec)
      const output = new Recorder()
      await daemon.attach(spec.id, 0, output)
      await output.ended
      masks.push(output.text.trim())
    }
    expect(masks).toEqual(['0022', '0027', '0022'])
    expect(process.umask()).toBe(0o077)
  } finally {
    process.umask(before)
  }
})

test('I6 shutdown ends every child and then the keeper', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.spec('cat'))
  await daemon.spawn(keeper.script(ignoresTerm))
  expect(await daemon.shutdown(200)).toEqual({ survivors: [] })
  expect(await keeper.left).toBe('shutdown')
  await expect(daemon.spawn(keeper.spec('cat'))).rejects.toMatchObject({ code: 'leaving' })
  expect(findTagged(keeper.folder)).toEqual([])
})
