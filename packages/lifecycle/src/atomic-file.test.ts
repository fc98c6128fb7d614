import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createOnce, readText, removeFile, replaceFile } from './atomic-file.ts'
import { fileSteps, parseFailpoints } from './failpoint.ts'

let base: string
let file: string

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'hf-'))
  file = join(base, 'f')
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

test('a file is replaced whole, for its owner alone', () => {
  replaceFile(file, 'one')
  replaceFile(file, 'zwei'.repeat(50_000))
  expect(readFileSync(file, 'utf8')).toHaveLength(200_000)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(base)).toEqual(['f'])
})

test('the first writer wins', () => {
  expect(createOnce(file, 'first')).toBe('created')
  expect(createOnce(file, 'second')).toBe('exists')
  expect(readText(file)).toBe('first')
  expect(readdirSync(base)).toEqual(['f'])
})

test.each(fileSteps.filter((each) => each.name !== 'file.placed'))(
  'K46 an error at $name leaves what was there, and nothing beside',
  ({ name }) => {
    writeFileSync(file, 'before')
    const failpoint = parseFailpoints(`${name}=error(ENOSPC)`)
    expect(() => replaceFile(file, 'after', { failpoint })).toThrow('ENOSPC')
    expect(() => createOnce(join(base, 'new'), 'after', { failpoint })).toThrow('ENOSPC')
    expect(readText(file)).toBe('before')
    expect(readdirSync(base)).toEqual(['f'])
  },
)

test('a folder that is gone is an error of the system, and a missing file is not', () => {
  expect(() => replaceFile(join(base, 'none', 'f'), 'x')).toThrow('ENOENT')
  expect(readText(file)).toBeNull()
  expect(() => removeFile(file)).not.toThrow()
})

test('K22 a FIFO or a socket in the place of a file is not waited for, and is replaced; a folder is an error', async () => {
  expect(spawnSync('mkfifo', [file]).status).toBe(0)
  expect(readText(file)).toBeNull()
  replaceFile(file, 'ours')
  expect([readText(file), lstatSync(file).isFile()]).toEqual(['ours', true])
  const server = createServer().listen(join(base, 'socket'))
  await once(server, 'listening')
  expect(readText(join(base, 'socket'))).toBeNull()
  server.close()
  expect(() => readText(base)).toThrow('EISDIR')
})

test('K22 of a huge file only the beginning is read', () => {
  writeFileSync(file, '')
  truncateSync(file, 2 ** 33)
  expect(readText(file)).toHaveLength(65_536)
})
