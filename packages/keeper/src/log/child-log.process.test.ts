import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { ChildLog } from './child-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'hfk-log-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function eventually(check: () => boolean): Promise<void> {
  while (!check()) await sleep(5)
}

test('K35 it is bounded: the past is one file, the present another', async () => {
  const path = join(folder, 'deep', 'a.log')
  const log = new ChildLog(path, { limitBytes: 1000 })
  for (let index = 0; index < 300; index += 1) {
    log.write(Buffer.from(`line ${index}\n`))
    if (index % 10 === 0) await sleep(1)
  }
  await log.close()
  await eventually(() => readFileSync(path, 'utf8').endsWith('line 299\n') || statSync(path).size === 0)
  expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThan(4000)
})

test('a writer that is faster than the disk is asked to wait, and told when there is room', async () => {
  const path = join(folder, 'b.log')
  const log = new ChildLog(path, { queueBytes: 1000 })
  expect(log.write(Buffer.alloc(100, 'a'))).toBe(true)
  expect(log.write(Buffer.alloc(2000, 'b'))).toBe(false)
  await new Promise<void>((resolve) => log.onRoom(resolve))
  expect(log.write(Buffer.from('c'))).toBe(true)
  await log.close()
  await eventually(() => statSync(path).size === 2101)
  expect(readFileSync(path, 'utf8')).toBe(`${'a'.repeat(100)}${'b'.repeat(2000)}c`)
})

test('K46 a disk that is full costs lines of the log, nothing else', async () => {
  const log = new ChildLog('/dev/full')
  log.write(Buffer.from('lost\n'))
  await eventually(() => log.lostBytes === 5)
  expect(log.write(Buffer.from('lost too\n'))).toBe(true)
  await log.close()
})
