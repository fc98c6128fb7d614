import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DaemonError } from '../errors.ts'
import type { Op, Store } from './api.ts'
import { markSuspect } from './open-database.ts'
import { type PutAside, openSqliteStore } from './sqlite-store.ts'

let folder: string
let cleanups: (() => unknown)[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-store-'))
  cleanups = [() => rmSync(folder, { recursive: true, force: true })]
})

afterEach(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup()
})

interface Opening {
  readonly store: Store
  readonly putAside: PutAside | null
  readonly unusable: DaemonError[]
}

function open(epoch = 1, instance = `i${epoch}`, at = folder): Opening {
  const unusable: DaemonError[] = []
  const opened = openSqliteStore({
    file: join(at, 'holdfast.db'),
    fence: { epoch, instance },
    clock: { wallMs: () => Date.parse('2026-11-21T12:00:00Z') },
    onUnusable: (error) => unusable.push(error),
  })
  cleanups.push(() => opened.store.close())
  return { ...opened, unusable }
}

const put = (key: string, value: unknown): Op => ({ op: 'put', bucket: 'b', key, value })

describe('the fence', () => {
  it('I2 K8 a write of an older epoch is refused once a newer one has opened the store', async () => {
    const old = open(1)
    await old.store.commit([put('a', 'old')])
    const fresh = open(2)
    await expect(old.store.commit([put('a', 'late'), put('b', 'late')])).rejects.toMatchObject({ code: 'fenced' })
    await expect(old.store.commit([put('c', 'later')])).rejects.toMatchObject({ code: 'fenced' })
    expect(old.unusable.map((error) => error.code)).toEqual(['fenced'])
    expect((await fresh.store.list('b')).map((record) => record.value)).toEqual(['old'])
  })

  it('I2 an older epoch, or another instance of the same one, cannot open the store', () => {
    open(5, 'five')
    expect(() => open(4)).toThrow(expect.objectContaining({ code: 'fenced' }))
    expect(() => open(5, 'other')).toThrow(expect.objectContaining({ code: 'fenced' }))
    expect(() => open(5, 'five')).not.toThrow()
  })

  it('a schema of a newer version is left alone, with what to do', () => {
    const db = new DatabaseSync(join(folder, 'holdfast.db'))
    db.exec('PRAGMA user_version = 999')
    db.close()
    expect(() => open()).toThrow(expect.objectContaining({ code: 'store-too-new' }))
    expect(readdirSync(folder)).toEqual(['holdfast.db'])
  })
})

describe('a file that is no sound database', () => {
  it.each([
    ['garbage', () => '{"pid":1}\n'.repeat(1000)],
    ['a hostile header', () => `SQLite format 3\0${'\xff'.repeat(8192)}`],
  ])('%s is put aside with its bytes, and said', async (_, content) => {
    writeFileSync(join(folder, 'holdfast.db'), content())
    const { store, putAside } = open()
    expect(putAside).not.toBeNull()
    expect(readFileSync(putAside?.to ?? '', 'utf8')).toBe(content())
    expect(await store.commit([put('a', 1)])).toMatchObject({ ok: true })
  })

  it('a torn database is put aside, not half used', async () => {
    const first = open()
    for (let block = 0; block < 20; block++) await first.store.commit([put(`k${block}`, 'x'.repeat(20_000))])
    await first.store.close()
    const file = join(folder, 'holdfast.db')
    truncateSync(file, Math.floor(statSync(file).size / 3))
    markSuspect(file, 'test')
    const { store, putAside } = open(2)
    expect(putAside).not.toBeNull()
    expect(await store.list('b')).toEqual([])
    expect(readdirSync(folder).filter((name) => name.endsWith('.suspect'))).toEqual([])
  })

  it('damage met while running ends the store, and the next opening checks the whole file', async () => {
    const first = open()
    for (let block = 0; block < 20; block++) await first.store.commit([put(`k${block}`, 'x'.repeat(20_000))])
    await first.store.close()
    const file = join(folder, 'holdfast.db')
    const bytes = readFileSync(file)
    bytes.fill(0xab, 5 * 4096)
    writeFileSync(file, bytes)
    const second = open(2)
    await expect(second.store.list('b')).rejects.toMatchObject({ code: 'store-failed' })
    expect(second.unusable).toHaveLength(1)
    const third = open(3)
    expect(third.putAside?.reason).toContain('integrity check')
    expect(await third.store.commit([put('a', 1)])).toMatchObject({ ok: true })
  })

  it('an empty file is a fresh one', async () => {
    writeFileSync(join(folder, 'holdfast.db'), '')
    const { store, putAside } = open()
    expect(putAside).toBeNull()
    expect(await store.commit([put('a', 1)])).toMatchObject({ ok: true })
  })
})

describe('a place that cannot be written', () => {
  it('a missing folder is an error that names the file', () => {
    expect(() => open(1, 'i', join(folder, 'nowhere'))).toThrow(
      expect.objectContaining({ code: 'store-failed', message: expect.stringContaining('nowhere/holdfast.db') }),
    )
  })

  it('another holder of the write lock gives a clear error, and the store goes on after it', async () => {
    const { store } = open()
    const other = new DatabaseSync(join(folder, 'holdfast.db'))
    other.exec('BEGIN IMMEDIATE')
    await expect(store.commit([put('a', 1)])).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining('locked'),
    })
    other.exec('ROLLBACK')
    other.close()
    expect(await store.commit([put('a', 1)])).toMatchObject({ ok: true })
  })
})
