import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLog } from '@holdfast/lifecycle'
import { encodeFrame, FrameSplitter } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { KeeperConnection } from '../client/keeper-client.ts'
import { LocalKeeper, Recorder } from '../testing/local-keeper.ts'
import { comparable, readRecording, type RecordedFrame } from '../testing/recording.ts'
import { frameType } from './messages.ts'

// Recorded once, with the first version of the protocol. It must never be recorded again: add a file for a newer version.
const recording = readRecording('protocol-1.txt')

/** Frames as they come, one after the other. */
class Inbox {
  readonly #frames: { type: number; payload: Buffer }[] = []

  constructor(socket: Socket) {
    const splitter = new FrameSplitter(1 << 20, {
      frame: (type, payload) => this.#frames.push({ type, payload }),
      oversized: () => undefined,
    })
    socket.on('data', (chunk: Buffer) => splitter.push(chunk))
  }

  async next(): Promise<Omit<RecordedFrame, 'from'>> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) return frame
      await sleep(2)
    }
  }
}

test('a daemon of protocol 1 is served by this keeper as it was then', async () => {
  await using keeper = await new LocalKeeper().start()
  const socket = await keeper.dial()
  const inbox = new Inbox(socket)
  const answers: unknown[] = []
  for (const frame of recording) {
    if (frame.from === 'daemon') socket.write(encodeFrame(frame.type, frame.payload))
    else answers.push(comparable(await inbox.next()))
  }
  // Fields may be added, not changed or taken away.
  expect(answers).toMatchObject(recording.filter(({ from }) => from === 'keeper').map(comparable) as object[])
})

test('this daemon gets on with a keeper of protocol 1', async () => {
  await using keeper = await new LocalKeeper().start()
  const path = join(keeper.folder, 'old')
  const server = createServer((socket) => void replay(socket))
  server.listen(path)
  const client = await KeeperConnection.open(await keeper.dial(path), 1, silentLog)
  expect(await client.spawn(keeper.spec('cat', [], { id: 'recorded' }))).toMatchObject({
    id: 'recorded',
    label: { kind: 'test' },
    exit: null,
  })
  const output = new Recorder()
  await client.attach('recorded', 0, output)
  expect(await client.input('recorded', 't1', Buffer.from('hällo\n'))).toBe('taken')
  await output.has(7)
  expect(await client.input('recorded', 't1', Buffer.from('hällo\n'))).toBe('already')
  client.ack('recorded', 3)
  client.settle('recorded', ['t1'])
  expect(await client.list()).toMatchObject([{ ackedOffset: 3, endOffset: 7, lastFrame: 1 }])
  client.closeInput('recorded')
  expect(await output.ended).toMatchObject({ code: 0, survivors: [] })
  expect(output.text).toBe('hällo\n')
  expect(await client.terminate('recorded', 1000)).toMatchObject({ code: 0 })
  await client.forget('recorded')
  expect(await client.list()).toEqual([])
  await expect(client.attach('nobody', 0, output)).rejects.toMatchObject({ code: 'unknown-child' })
  await expect(client.input('nobody', null, Buffer.from('x'))).rejects.toMatchObject({ code: 'unknown-child' })
  client.close()
  server.close()
})

/** The old keeper: answers in step with the recording, whatever the daemon says. */
async function replay(socket: Socket): Promise<void> {
  const inbox = new Inbox(socket)
  for (const frame of recording) {
    if (frame.from === 'daemon') await inbox.next()
    else socket.write(encodeFrame(frame.type, frame.payload))
  }
}

test('what a newer daemon adds is ignored, what it asks for in vain is answered with an error', async () => {
  await using keeper = await new LocalKeeper().start()
  const socket = await keeper.dial()
  const inbox = new Inbox(socket)
  const say = (type: number, message: object): void => void socket.write(encodeFrame(type, JSON.stringify(message)))
  say(frameType.request, { id: 1, method: 'command', params: { epoch: 1, colour: 'blue' }, trace: 'x' })
  expect(comparable(await inbox.next())).toMatchObject({ type: frameType.answer, json: { id: 1 } })
  say(frameType.notice, { method: 'sing', params: {} })
  socket.write(encodeFrame(99, 'a frame of tomorrow'))
  say(frameType.request, { id: 2, method: 'freeze', params: {} })
  expect(comparable(await inbox.next())).toMatchObject({ json: { id: 2, error: { code: 'unknown-request' } } })
  say(frameType.request, { id: 3, method: 'attach', params: { child: 7 } })
  expect(comparable(await inbox.next())).toMatchObject({ json: { id: 3, error: { code: 'bad-message' } } })
  say(frameType.request, { id: 4, method: 'list', params: {} })
  expect(comparable(await inbox.next())).toMatchObject({ json: { id: 4, result: [] } })
})
