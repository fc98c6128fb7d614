// The store with real processes: what was acknowledged survives kill -9, and an older daemon that wakes up writes nothing.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openSqliteStore } from './sqlite-store.ts'

const writer = join(import.meta.dirname, '../../../../tests/fixtures/store-writer.ts')

let folder: string
let file: string
let children: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-store-'))
  file = join(folder, 'holdfast.db')
  children = []
})

afterEach(async () => {
  for (const child of children) await end(child)
  rmSync(folder, { recursive: true, force: true })
})

interface Writer {
  readonly child: ChildProcess
  /** Whole lines printed so far. */
  readonly lines: () => string[]
  /** Resolves when `isEnough` likes the lines. */
  readonly until: (isEnough: (lines: readonly string[]) => boolean) => Promise<void>
}

function start(epoch: number): Writer {
  const child = spawn(process.execPath, ['--conditions=source', writer, file, String(epoch)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  let output = ''
  let look = (): void => undefined
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString()
    look()
  })
  child.on('close', () => look())
  const lines = (): string[] => output.split('\n').slice(0, -1)
  const until: Writer['until'] = (isEnough) =>
    new Promise((resolve, reject) => {
      look = () => {
        if (isEnough(lines())) resolve()
        else if (child.exitCode !== null || child.signalCode !== null) reject(new Error(`it ended: ${lines().at(-1)}`))
      }
      look()
    })
  return { child, lines, until }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}

function open(epoch: number) {
  return openSqliteStore({ file, fence: { epoch, instance: 'test' }, clock: { wallMs: () => Date.now() } })
}

it('I10 every commit that resolved before kill -9 is there afterwards, whole', async () => {
  const acknowledged = new Set<string>()
  for (let epoch = 1; epoch <= 8; epoch++) {
    const { child, lines, until } = start(epoch)
    await until((all) => all.includes('open'))
    child.stdin?.write('go\n')
    await until((all) => all.length > epoch * 40)
    await end(child)
    for (const line of lines().filter((each) => each !== 'open')) acknowledged.add(line)
  }
  const { store, putAside } = open(100)
  expect(putAside).toBeNull()
  const stored = new Set((await store.list('b')).map((record) => record.key))
  expect([...acknowledged].filter((key) => !stored.has(key))).toEqual([])
  // Record and event of one commit are there together, or not at all.
  const { events } = await store.events.read(0, 1_000_000)
  expect(new Set(events.map((event) => event.subject))).toEqual(stored)
  await store.close()
})

it('I2 a daemon that was stopped and wakes up under a newer epoch is refused, and nothing it writes counts', async () => {
  const old = start(1)
  await old.until((all) => all.includes('open'))
  old.child.stdin?.write('go\n')
  await old.until((all) => all.length > 50)
  // Between two transactions: in the middle of one it would hold the write lock, which only its death frees.
  const { store } = open(2)
  await old.until((all) => all.includes('refused fenced'))
  const before = new Set(old.lines())
  const stored = (await store.list('b')).map((record) => record.key)
  expect(stored.filter((key) => !before.has(key))).toEqual([])
  expect(await store.commit([{ op: 'put', bucket: 'b', key: 'mine', value: 1 }])).toMatchObject({ ok: true })
  await store.close()
})
