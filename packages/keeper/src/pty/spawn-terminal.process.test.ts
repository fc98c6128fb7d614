import { expect, test } from 'vitest'
import type { ChildSpec } from '../api.ts'
import { LocalKeeper, Recorder } from '../testing/local-keeper.ts'

const io: ChildSpec['io'] = { pty: { columns: 90, rows: 33 } }

async function until(output: Recorder, text: string): Promise<void> {
  while (!output.text.includes(text)) await output.has(output.size + 1)
}

test('I9 a child on a terminal has its size, can be resized, and its bytes stay as they are', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  await daemon.spawn(
    keeper.spec(
      'sh',
      [
        '-c',
        // The trap comes first: a size that changes before it would go unnoticed.
        'trap "stty size" WINCH; stty size; while :; do read line && echo "got $line" && printf "\\377\\200"; done',
      ],
      { io },
    ),
  )
  const output = new Recorder()
  await daemon.attach('c1', 0, output)
  await until(output, '33 90')
  daemon.resize('c1', 120, 40)
  await until(output, '40 120')
  await daemon.input('c1', null, Buffer.from('naïve\n'))
  await until(output, 'got naïve')
  while (output.bytes.indexOf(Buffer.from([0xff, 0x80])) === -1) await output.has(output.size + 1)
  expect(await daemon.terminate('c1', 2000)).toMatchObject({ survivors: [] })
})

test('I9 everything that a child wrote to its terminal before it exited is delivered, however slowly it is read', async () => {
  await using keeper = await new LocalKeeper({ outputBytes: 1000 }).start()
  const daemon = await keeper.connect()
  await daemon.spawn(
    keeper.spec('sh', ['-c', 'i=0; while [ $i -lt 1500 ]; do echo line $i; i=$((i+1)); done; exit 3'], { io }),
  )
  const output = new Recorder()
  await daemon.attach('c1', 0, {
    data(offset, bytes) {
      output.data(offset, bytes)
      setTimeout(() => daemon.ack('c1', offset + bytes.length), 400)
    },
    end: (exit) => output.end(exit),
  })
  expect(await output.ended).toMatchObject({ code: 3, signal: null })
  expect(output.text).toBe(Array.from({ length: 1500 }, (_, index) => `line ${index}\r\n`).join(''))
})

test('K39 a shell on a terminal, which ignores TERM, ends by being hung up', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.spec('sh', ['-i'], { io }))
  const output = new Recorder()
  await daemon.attach('c1', 0, output)
  await daemon.input('c1', null, Buffer.from('echo re""ady\n'))
  await until(output, 'ready')
  expect(await daemon.terminate('c1', 60_000)).toMatchObject({ survivors: [] })
})

test('a large input reaches a raw terminal whole', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.spec('sh', ['-c', 'stty raw -echo; echo raw; exec head -c 300000'], { io }))
  const output = new Recorder()
  await daemon.attach('c1', 0, output)
  await until(output, 'raw')
  const from = output.size
  const bytes = Buffer.alloc(300_000)
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = (index * 7) & 255
  await daemon.input('c1', null, bytes)
  await output.ended
  expect(output.bytes.subarray(-bytes.length).equals(bytes)).toBe(true)
  expect(output.size - from).toBeGreaterThanOrEqual(bytes.length)
})

test('I17 a child that does not read its terminal holds up nobody else', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  await daemon.spawn(keeper.spec('sh', ['-c', 'stty raw -echo; echo raw; exec sleep 1000'], { io, id: 'deaf' }))
  await daemon.spawn(keeper.spec('cat', [], { id: 'cat' }))
  const output = new Recorder()
  await daemon.attach('deaf', 0, output)
  await until(output, 'raw')
  expect(await daemon.input('deaf', null, Buffer.alloc(1_000_000))).toBe('taken')
  const echo = new Recorder()
  await daemon.attach('cat', 0, echo)
  await daemon.input('cat', null, Buffer.from('heard\n'))
  await echo.has(6)
  expect(await daemon.terminate('deaf', 2000)).toMatchObject({ survivors: [] })
})

test('a program or a folder that is not there', async () => {
  await using keeper = await new LocalKeeper().start()
  const daemon = await keeper.connect()
  const failure = (spec: ChildSpec): Promise<unknown> => daemon.spawn(spec).catch((reason: unknown) => reason)
  expect(await failure(keeper.spec('no-such-program', [], { io }))).toMatchObject({
    code: 'spawn-failed',
    message: expect.stringContaining('cannot start "no-such-program": it is not in PATH') as string,
  })
  expect(await failure(keeper.spec('/etc/passwd', [], { io }))).toMatchObject({
    message: 'cannot start "/etc/passwd": it may not be executed',
  })
  expect(await failure(keeper.spec('sh', [], { io, cwd: '/no/such/folder' }))).toMatchObject({
    message: 'cannot start "sh": its working folder /no/such/folder does not exist',
  })
})
