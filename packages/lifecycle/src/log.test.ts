import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog, tailFile } from './log.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-log-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('K35 a log is one JSON object a line, and bounded by rotation', () => {
  const file = join(folder, 'daemon.log')
  const log = createLog(file, { limitBytes: 2000, keep: 2 })
  for (let index = 0; index < 100; index += 1) log.info('something happened', { index })
  log.close()
  expect(readdirSync(folder).sort()).toEqual(['daemon.log', 'daemon.log.1', 'daemon.log.2'])
  const lines = ['daemon.log.2', 'daemon.log.1', 'daemon.log'].flatMap((name) => {
    expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(2000)
    return readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')
  })
  const numbers = lines.map((line) => (JSON.parse(line) as { index: number }).index)
  expect(numbers.at(-1)).toBe(99)
  expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] ?? 0) + at))
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a log goes on after a reopen, tells errors whole, and cuts what is too long', () => {
  const file = join(folder, 'x.log')
  createLog(file).warn('first', { error: Object.assign(new Error('no room'), { code: 'ENOSPC' }), big: 10n })
  createLog(file).error('second', { text: 'x'.repeat(100_000) })
  const [first, second] = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(JSON.parse(first ?? '')).toMatchObject({
    level: 'warn',
    error: { message: 'no room', code: 'ENOSPC' },
    big: '10',
  })
  expect(JSON.parse(second ?? '')).toMatchObject({ message: 'second', cut: expect.any(Number) })
})

test('a log is never written through a symbolic link, nor to a FIFO or folder', () => {
  writeFileSync(join(folder, 'victim'), '')
  symlinkSync(join(folder, 'victim'), join(folder, 'link'))
  mkdirSync(join(folder, 'folder'))
  execFileSync('mkfifo', [join(folder, 'fifo')])
  const refusal = /ELOOP|EISDIR|ENXIO|not a regular file/
  for (const name of ['link', 'folder', 'fifo']) expect(() => createLog(join(folder, name))).toThrow(refusal)
})

test('a tail is whole lines within its size; what is no file has none, at once', () => {
  const file = join(folder, 'x.log')
  writeFileSync(file, Array.from({ length: 1000 }, (_, index) => `line ${index}\n`).join(''))
  const tail = tailFile(file, 100)
  expect(tail.length).toBeLessThanOrEqual(100)
  expect(tail.startsWith('line 9')).toBe(true)
  expect(tail.endsWith('line 999\n')).toBe(true)
  expect(tailFile(file, 9)).toBe('line 999\n')
  expect(tailFile(file, 8)).toBe('')
  expect(tailFile(file, 1_000_000).startsWith('line 0\n')).toBe(true)
  execFileSync('mkfifo', [join(folder, 'fifo')])
  expect(tailFile(join(folder, 'fifo'), 100)).toBe('')
  expect(tailFile(folder, 100)).toBe('')
  expect(tailFile(join(folder, 'missing'), 100)).toBe('')
})
