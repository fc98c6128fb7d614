// The store on a small file system of its own, filled up. Only root may mount; elsewhere there is nothing to stand on.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errnoOf } from '@holdfast/lifecycle'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DaemonError } from '../errors.ts'
import type { Op, Store } from './api.ts'
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

function open(epoch = 1): Opening {
  const unusable: DaemonError[] = []
  const opened = openSqliteStore({
    file: join(folder, 'holdfast.db'),
    fence: { epoch, instance: `i${epoch}` },
    clock: { wallMs: () => Date.parse('2026-11-21T12:00:00Z') },
    onUnusable: (error) => unusable.push(error),
  })
  cleanups.push(() => opened.store.close())
  return { ...opened, unusable }
}

const put = (key: string, value: unknown): Op => ({ op: 'put', bucket: 'b', key, value })

function mountSmall(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'hf-small', at], { stdio: 'ignore' })
    cleanups.push(() => execFileSync('umount', ['-l', at]))
    return true
  } catch (error) {
    // Only root may mount; elsewhere this test has nothing to stand on.
    if (error instanceof Error) return false
    throw error
  }
}

describe('K46 a full disk', () => {
  it('loses nothing that was accepted, says so, and works again after relief', async ({ skip }) => {
    if (!mountSmall(folder)) skip('needs the right to mount')
    const { store, unusable } = open()
    const accepted: string[] = []
    let refusal: unknown = null
    for (let index = 0; refusal === null && index < 1000; index++) {
      const outcome = await store.commit([put(`k${index}`, 'x'.repeat(3000))]).catch((error: unknown) => error)
      if (outcome instanceof Error) refusal = outcome
      else accepted.push(`k${index}`)
    }
    expect(refusal).toMatchObject({ code: 'store-full', retryable: true })
    expect(unusable).toEqual([])
    const keys = async (each: Store) => (await each.list('b')).map((record) => record.key)
    expect(await keys(store)).toEqual([...accepted].sort())
    // A small one beside a large one: the large one is refused alone.
    await expect(store.commit([put('large', 'x'.repeat(2_000_000))])).rejects.toMatchObject({ code: 'store-full' })
    execFileSync('mount', ['-o', 'remount,size=8m', folder])
    expect(await store.commit([put('relief', 1)])).toMatchObject({ ok: true })
    await store.close()
    const next = open(2)
    expect(next.putAside).toBeNull()
    expect(await keys(next.store)).toEqual([...accepted, 'relief'].sort())
  })

  it('opening on a full disk is a clear error, and works after relief', async ({ skip }) => {
    if (!mountSmall(folder)) skip('needs the right to mount')
    const ballast = join(folder, 'ballast')
    for (let size = 1024 * 1024; size >= 512; size /= 2) {
      try {
        writeFileSync(`${ballast}-${size}`, 'x'.repeat(size))
      } catch (error) {
        // The disk is to be filled to the last byte.
        if (errnoOf(error) !== 'ENOSPC') throw error
      }
    }
    expect(() => open()).toThrow(expect.objectContaining({ code: 'store-full' }))
    for (const name of readdirSync(folder).filter((each) => each.startsWith('ballast'))) rmSync(join(folder, name))
    expect(await open().store.commit([put('a', 1)])).toMatchObject({ ok: true })
  })
})
