import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LocalKeeper, Recorder } from '../testing/local-keeper.ts'

/** Writes numbered lines for ever, and says on stderr how far it got whenever it has to wait. */
const writesForEver = `
  const fs = require('node:fs')
  let n = 0
  const block = () => { const lines = []; for (let i = 0; i < 1000; i += 1) lines.push('line ' + n++); return lines.join('\\n') + '\\n' }
  const next = () => { while (process.stdout.write(block())) {} process.stdout.once('drain', next) }
  next()
`

async function settled(read: () => Promise<number>): Promise<number> {
  for (let last = -1; ;) {
    const now = await read()
    if (now === last && now > 0) return now
    last = now
    await sleep(150)
  }
}

test('I17 K41 a daemon that does not acknowledge makes the child wait; nothing is dropped, memory is bounded', async () => {
  const outputBytes = 256 * 1024
  await using keeper = await new LocalKeeper({ outputBytes }).start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.script(writesForEver))
  const end = await settled(async () => (await daemon.list())[0]?.endOffset ?? 0)
  expect(end).toBeGreaterThanOrEqual(outputBytes)
  expect(end).toBeLessThanOrEqual(outputBytes + 64 * 1024)
  const output = new Recorder()
  await daemon.attach('c1', 0, {
    data(offset, bytes) {
      output.data(offset, bytes)
      daemon.ack('c1', offset + bytes.length)
    },
    end: (exit) => output.end(exit),
  })
  await output.has(8 * outputBytes)
  const numbers = output.text.split('\n').slice(0, -1)
  expect(numbers.every((line, index) => line === `line ${index}`)).toBe(true)
})

test('I17 a daemon that does not read its connection holds up the children, not the keeper', async () => {
  await using keeper = await new LocalKeeper({ outputBytes: 4 * 1024 * 1024 }).start()
  const socket = await keeper.dial()
  const daemon = await keeper.connect(1)
  await daemon.spawn(keeper.script(writesForEver))
  await daemon.attach('c1', 0, new Recorder())
  expect(await settled(async () => (await daemon.list())[0]?.endOffset ?? 0)).toBeLessThan(5 * 1024 * 1024)
  socket.destroy()
})

test('I17 a child that does not read its input makes the sender of its input wait, and nobody else', async () => {
  await using keeper = await new LocalKeeper({ queuedInputBytes: 256 * 1024 }).start()
  const daemon = await keeper.connect()
  await daemon.spawn(
    keeper.script('process.stdin.once("data", () => {}); process.stdin.pause(); setInterval(() => {}, 1000)', {
      id: 'deaf',
    }),
  )
  await daemon.spawn(keeper.spec('cat', [], { id: 'cat' }))
  const outcomes: string[] = []
  const frames = Array.from({ length: 100 }, (_, index) =>
    daemon.input('deaf', `t${index}`, Buffer.alloc(64 * 1024)).then(
      (result) => outcomes.push(result),
      (error: { code: string }) => outcomes.push(error.code),
    ),
  )
  const output = new Recorder()
  await daemon.attach('cat', 0, output)
  for (let index = 0; index < 50; index += 1) await daemon.input('cat', null, Buffer.from(`${index}\n`))
  await output.has(140)
  const taken = outcomes.length
  expect(taken).toBeGreaterThan(0)
  expect(taken).toBeLessThan(20)
  expect((await daemon.list()).find(({ id }) => id === 'deaf')?.openTags.length).toBeLessThan(40)
  await daemon.terminate('deaf', 0)
  await Promise.all(frames)
  expect(new Set(outcomes)).toEqual(new Set(['taken', 'gone']))
})

test('I9 input that was queued is written whole and in order, though the daemon that sent it is gone', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect(1)
  await daemon.spawn(keeper.script('setTimeout(() => process.stdin.pipe(process.stdout), 300)'))
  const line = (index: number): string => `${index} ${'x'.repeat(10_000)}\n`
  for (let index = 0; index < 60; index += 1) await daemon.input('c1', `t${index}`, Buffer.from(line(index)))
  daemon.close()
  await daemon.closed
  const next = await keeper.connect(2)
  const all = Array.from({ length: 60 }, (_, index) => line(index)).join('')
  const output = new Recorder()
  await next.attach('c1', 0, output)
  await output.has(all.length)
  expect(output.text).toBe(all)
})

test('I9 the rest of the output of a child that exited while it could not be read is not lost', async () => {
  await using keeper = await new LocalKeeper({ outputBytes: 4096, lingerQuietMs: 50, lingerMs: 200 }).start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.script('process.stdout.write("x".repeat(150000)); process.exitCode = 4'))
  await sleep(700)
  const output = new Recorder()
  await daemon.attach('c1', 0, {
    data(offset, bytes) {
      output.data(offset, bytes)
      daemon.ack('c1', offset + bytes.length)
    },
    end: (exit) => output.end(exit),
  })
  expect(await output.ended).toMatchObject({ code: 4 })
  expect(output.size).toBe(150_000)
})
