import { encodeFrame } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { LocalKeeper, Recorder } from '../testing/local-keeper.ts'
import { encodeInput, frameType } from '../wire/messages.ts'

test('I2 a daemon of an older epoch is fenced, whether it comes later or is deposed', async () => {
  await using keeper = await new LocalKeeper().start()
  const old = await keeper.connect(4)
  await old.spawn(keeper.spec('cat'))
  const fresh = await keeper.connect(5)
  await old.closed
  await expect(old.input('c1', null, Buffer.from('stale'))).rejects.toMatchObject({ code: 'fenced' })
  await expect(old.spawn(keeper.spec('true'))).rejects.toMatchObject({ code: 'fenced' })
  await expect(keeper.connect(4)).rejects.toMatchObject({ code: 'fenced' })
  expect(await fresh.list()).toMatchObject([{ id: 'c1', lastFrame: 0 }])
})

test('I2 the same daemon may connect again; its earlier connection is closed', async () => {
  await using keeper = await new LocalKeeper().start()
  const first = await keeper.connect(7)
  const second = await keeper.connect(7)
  await first.closed
  expect(await second.list()).toEqual([])
})

test('I2 what a deposed daemon had sent half is never given to a child', async () => {
  await using keeper = await new LocalKeeper().start()
  const socket = await keeper.dial()
  const request = (id: number, method: string, params: object): void => {
    socket.write(encodeFrame(frameType.request, JSON.stringify({ id, method, params })))
  }
  request(1, 'command', { epoch: 1 })
  request(2, 'spawn', keeper.spec('cat'))
  const [frame] = encodeInput({ sequence: 1, child: 'c1', tag: 'half', bytes: Buffer.from('never\n') })
  await new Promise<void>((resolve) => {
    let seen = ''
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1')
      if (seen.includes('"id":2')) resolve()
    })
  })
  await new Promise<void>((resolve) => void socket.write(frame.subarray(0, frame.length - 3), () => resolve()))
  const next = await keeper.connect(2)
  socket.write(frame.subarray(frame.length - 3))
  const output = new Recorder()
  await next.attach('c1', 0, output)
  expect(await next.input('c1', 'half', Buffer.from('once\n'))).toBe('taken')
  await output.has(5)
  next.closeInput('c1')
  await output.ended
  expect(output.text).toBe('once\n')
})

test('I2 without command nothing is done', async () => {
  await using keeper = await new LocalKeeper().start()
  const socket = await keeper.dial()
  const [frame] = encodeInput({ sequence: 1, child: 'c1', tag: null, bytes: Buffer.from('x') })
  socket.write(frame)
  await new Promise((resolve) => socket.once('close', resolve))
  const other = await keeper.dial()
  other.write(encodeFrame(frameType.request, JSON.stringify({ id: 1, method: 'list', params: {} })))
  const [answer] = await new Promise<Buffer[]>((resolve) => other.once('data', (chunk: Buffer) => resolve([chunk])))
  expect(answer?.toString()).toContain('"code":"fenced"')
})
