import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { LocalKeeper, Recorder } from '../testing/local-keeper.ts'

test('I9 what goes into a child comes out of it, and its exit follows its last byte', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  const held = await daemon.spawn(keeper.spec('cat', [], { label: { what: 'a cat' } }))
  expect(held).toMatchObject({
    id: 'c1',
    label: { what: 'a cat' },
    endOffset: 0,
    lastFrame: 0,
    openTags: [],
    exit: null,
  })
  expect(held.startTicks).toBeGreaterThan(0)
  const output = new Recorder()
  await daemon.attach('c1', 0, output)
  expect(await daemon.input('c1', 'first', Buffer.from('hello\n'))).toBe('taken')
  expect(await daemon.input('c1', 'first', Buffer.from('hello\n'))).toBe('already')
  expect(await daemon.input('c1', null, Buffer.from('untagged\n'))).toBe('taken')
  await output.has(15)
  expect(output.text).toBe('hello\nuntagged\n')
  expect(await daemon.list()).toMatchObject([{ id: 'c1', lastFrame: 2, openTags: ['first'], endOffset: 15 }])
  daemon.settle('c1', ['first'])
  daemon.ack('c1', 6)
  expect(await daemon.list()).toMatchObject([{ openTags: [], ackedOffset: 6 }])
  daemon.closeInput('c1')
  expect(await output.ended).toMatchObject({ code: 0, signal: null, survivors: [] })
  expect(await daemon.input('c1', null, Buffer.from('late'))).toBe('gone')
})

test('I9 output while no daemon is connected is kept in order, byte for byte', async () => {
  await using keeper = await new LocalKeeper().start()
  const text = 'Größe – 長さ – 🙂\n'.repeat(20_000)
  const bytes = Buffer.from(text)
  expect(bytes.length).toBeGreaterThan(500_000)
  const first = await keeper.connect(1)
  await first.spawn(keeper.spec('cat'))
  await first.input('c1', 'all', bytes)
  daemonGone(first)
  await first.closed
  const second = await keeper.connect(2)
  const output = new Recorder()
  await second.attach('c1', 0, output)
  await output.has(bytes.length)
  expect(output.bytes.equals(bytes)).toBe(true)
})

test('I9 attaching from any acknowledged offset gives exactly the rest', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.spec('sh', ['-c', 'i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done']))
  const all = new Recorder()
  await daemon.attach('c1', 0, all)
  await all.ended
  for (const offset of [0, 1, 4095, 4096, 4097, 30_000, all.size - 1, all.size]) {
    daemon.ack('c1', offset)
    const rest = new Recorder()
    await daemon.attach('c1', offset, rest)
    await rest.ended
    expect(rest.bytes.equals(all.bytes.subarray(offset))).toBe(true)
  }
  await expect(daemon.attach('c1', 5, new Recorder())).rejects.toMatchObject({ code: 'offset-gone' })
  await daemon.forget('c1')
  await expect(daemon.attach('c1', 0, new Recorder())).rejects.toMatchObject({ code: 'unknown-child' })
})

test('I17 a line of 64 MiB goes both ways, in bounded memory of the keeper', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.spec('cat'))
  const line = Buffer.alloc(64 * 1024 * 1024, 'x')
  line[line.length - 1] = 10
  const hash = createHash('sha256')
  let size = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  await daemon.attach('c1', 0, {
    data(offset, bytes) {
      hash.update(bytes)
      size += bytes.length
      daemon.ack('c1', offset + bytes.length)
      if (size === line.length) resolve()
    },
    end: () => undefined,
  })
  expect(await daemon.input('c1', 'big', line)).toBe('taken')
  await promise
  expect(hash.digest('hex')).toBe(createHash('sha256').update(line).digest('hex'))
  await expect(daemon.input('c1', 'bigger', Buffer.alloc(line.length + 1))).rejects.toMatchObject({
    code: 'frame-too-large',
  })
})

function daemonGone(client: { close(): void }): void {
  client.close()
}
