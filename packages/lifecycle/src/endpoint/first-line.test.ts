import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../clock.ts'
import { readFirstLine } from './first-line.ts'

let base: string
let server: Server
let near: Socket
let far: Socket

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'hf-'))
  server = createServer()
  server.listen(join(base, 's'))
  await once(server, 'listening')
  near = connect(join(base, 's'))
  ;[far] = (await once(server, 'connection')) as [Socket]
  near.on('error', () => undefined)
})
afterEach(() => {
  near.destroy()
  far.destroy()
  server.close()
  rmSync(base, { recursive: true, force: true })
})

const line = (limitBytes = 100, timeoutMs = 10_000) => readFirstLine(far, { limitBytes, timeoutMs, clock: systemClock })

test('what comes behind the first line is left for the next reader, however it was cut', async () => {
  for (const part of ['he', 'llo', '\nfirst']) {
    near.write(part)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await line()).toEqual({ kind: 'line', text: 'hello' })
  near.end(' second')
  let rest = ''
  far.on('data', (data: Buffer) => (rest += data.toString()))
  await once(far, 'end')
  expect(rest).toBe('first second')
})

test('the next reader may also come late, and the end is not lost', async () => {
  near.end('a\nb')
  expect(await line()).toEqual({ kind: 'line', text: 'a' })
  await new Promise((resolve) => setTimeout(resolve, 50))
  let rest = ''
  far.on('data', (data: Buffer) => (rest += data.toString()))
  await once(far, 'close')
  expect(rest).toBe('b')
})

test('I17 a line over the limit ends the reading at once, with or without a newline', async () => {
  near.write('x'.repeat(101))
  expect(await line()).toEqual({ kind: 'too-long' })
  near.write(`${'x'.repeat(5000)}\n`)
  expect(await line()).toEqual({ kind: 'too-long' })
})

test('silence ends by the deadline, and an end of file at once', async () => {
  near.write('no newline')
  expect(await line(100, 50)).toEqual({ kind: 'timeout' })
  near.end()
  expect(await line()).toEqual({ kind: 'closed' })
  far.destroy()
  expect(await line()).toEqual({ kind: 'closed' })
})
