import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Op, Store, StoredEvent } from './api.ts'
import { openSqliteStore } from './sqlite-store.ts'

let folder: string
let stores: Store[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-store-'))
  stores = []
})

afterEach(async () => {
  for (const store of stores) await store.close()
  rmSync(folder, { recursive: true, force: true })
})

function open(
  options: { epoch?: number; instance?: string; events?: number; bytes?: number; file?: string } = {},
): Store {
  const { epoch = 1, instance = `i${epoch}`, events = 1000, bytes = 1_000_000, file = 'holdfast.db' } = options
  const fence = { epoch, instance }
  const clock = { wallMs: () => Date.parse('2026-11-21T12:00:00Z') }
  const { store } = openSqliteStore({ file: join(folder, file), fence, clock, journal: { events, bytes } })
  stores.push(store)
  return store
}

const put = (key: string, value: unknown, expect?: number): Op => ({
  op: 'put',
  bucket: 'b',
  key,
  value,
  ...(expect === undefined ? {} : { expect }),
})

const event = (subject: string): Op => ({ op: 'event', type: 't', subject, data: { subject } })

describe('commit', () => {
  it('gives back what was put, with growing revisions', async () => {
    const store = open()
    const first = await store.commit([put('a', { x: 1 }, 0)])
    const second = await store.commit([put('a', { x: 2 }, first.ok ? first.revs[0] : -1)])
    expect(await store.get('b', 'a')).toEqual({ key: 'a', rev: second.ok ? second.revs[0] : -1, value: { x: 2 } })
    expect(await store.get('other', 'a')).toBeNull()
  })

  it('writes nothing of a commit one of whose expectations fails, and says which', async () => {
    const store = open()
    await store.commit([put('a', 'old', 0)])
    const refused = await store.commit([put('fresh', 1, 0), event('e'), put('a', 'new', 0)])
    expect(refused).toMatchObject({ ok: false, index: 2, current: { key: 'a', value: 'old' } })
    expect(await store.get('b', 'fresh')).toBeNull()
    expect(store.events.last()).toBe(0)
  })

  it('never gives a revision twice, also after a delete and a restart', async () => {
    const store = open()
    const first = await store.commit([put('a', 1)])
    await store.commit([{ op: 'delete', bucket: 'b', key: 'a' }])
    await store.close()
    const again = await open({ epoch: 2 }).commit([put('a', 1, 0)])
    expect(again.ok && first.ok && Number(again.revs[0]) > Number(first.revs[0])).toBe(true)
  })

  it('lets commits of one moment share a transaction without sharing their refusals', async () => {
    const store = open()
    const results = await Promise.all([put('k', 1, 0), put('k', 2, 0), put('l', 3, 0)].map((op) => store.commit([op])))
    expect(results.map((result) => result.ok)).toEqual([true, false, true])
  })

  it('keeps the value as it was when it was handed in', async () => {
    const store = open()
    const value = { list: [1] }
    const done = store.commit([put('a', value)])
    value.list.push(2)
    await done
    expect((await store.get('b', 'a'))?.value).toEqual({ list: [1] })
  })

  it('rejects what has no JSON form or no key, and goes on', async () => {
    const store = open()
    await expect(store.commit([put('a', undefined)])).rejects.toThrow('no JSON form')
    await expect(store.commit([put('', 1)])).rejects.toThrow('not empty')
    expect(await store.commit([put('a', 1)])).toMatchObject({ ok: true })
  })

  it('finishes what was handed in before close, and refuses what comes after', async () => {
    const store = open()
    const last = store.commit([put('a', 1)])
    await store.close()
    expect(await last).toMatchObject({ ok: true })
    await expect(store.commit([put('a', 2)])).rejects.toMatchObject({ code: 'store-closed' })
    await expect(store.get('b', 'a')).rejects.toMatchObject({ code: 'store-closed' })
  })

  it('agrees with a plain map under any sequence of operations and restarts', async () => {
    const keys = fc.constantFrom('a', 'b', 'aa', 'ü', '😀')
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key: keys, value: fc.jsonValue() }),
      fc.record({ kind: fc.constant('delete' as const), key: keys }),
      fc.record({ kind: fc.constant('restart' as const) }),
    )
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const file = `model-${run++}.db`
        const model = new Map<string, string>()
        let store = open({ file })
        for (const [index, each] of steps.entries()) {
          if (each.kind === 'put') {
            await store.commit([put(each.key, each.value)])
            model.set(each.key, JSON.stringify(each.value))
          } else if (each.kind === 'delete') {
            await store.commit([{ op: 'delete', bucket: 'b', key: each.key }])
            model.delete(each.key)
          } else {
            await store.close()
            store = open({ file, epoch: index + 2 })
          }
        }
        const found = (await store.list('b')).map((record) => [record.key, JSON.stringify(record.value)])
        expect(new Map(found as [string, string][])).toEqual(model)
        await store.close()
      }),
      { numRuns: 40 },
    )
  })
})

describe('list', () => {
  it('is ordered by key, by prefix, in pages, both ways', async () => {
    const store = open()
    await store.commit(['p/c', 'p/a', 'p/b', 'q/a', 'o'].map((key) => put(key, key)))
    const keys = async (options: Parameters<Store['list']>[1]) =>
      (await store.list('b', options)).map((record) => record.key)
    expect(await keys({})).toEqual(['o', 'p/a', 'p/b', 'p/c', 'q/a'])
    expect(await keys({ prefix: 'p/' })).toEqual(['p/a', 'p/b', 'p/c'])
    expect(await keys({ prefix: 'p/', after: 'p/a', limit: 1 })).toEqual(['p/b'])
    expect(await keys({ prefix: 'p/', reverse: true, limit: 2 })).toEqual(['p/c', 'p/b'])
    expect(await keys({ prefix: 'p/', reverse: true, after: 'p/b' })).toEqual(['p/a'])
    expect(await keys({ after: 'p/c' })).toEqual(['q/a'])
    expect(await keys({ prefix: 'p/', after: 'a' })).toEqual(['p/a', 'p/b', 'p/c'])
    expect(await keys({ prefix: 'p/', after: 'q' })).toEqual([])
  })
})

describe('events', () => {
  it('are told after they are durable, in order, and read again from a cursor', async () => {
    const store = open()
    const told: StoredEvent[] = []
    const stop = store.events.onAppend((each) => told.push(each))
    await Promise.all([store.commit([event('a'), event('b')]), store.commit([event('c')])])
    stop()
    await store.commit([event('d')])
    expect(told.map((each) => each.subject)).toEqual(['a', 'b', 'c'])
    const page = await store.events.read(1, 2)
    expect(page.events).toEqual(told.slice(1))
    expect(page).toMatchObject({ cursor: 3, gap: false })
    expect(await store.events.read(4, 10)).toEqual({ events: [], cursor: 4, gap: false })
  })

  it('carry the epoch, and go on counting after a restart', async () => {
    const store = open()
    await store.commit([event('a')])
    await store.close()
    const next = open({ epoch: 7 })
    await next.commit([event('b')])
    const { events } = await next.events.read(0, 10)
    expect(events.map(({ cursor, epoch }) => [cursor, epoch])).toEqual([
      [1, 1],
      [2, 7],
    ])
  })

  it('I17 keep to the limit of their number, and a reader that fell behind is told of the gap', async () => {
    const store = open({ events: 1000 })
    for (let block = 0; block < 30; block++) {
      await store.commit(Array.from({ length: 100 }, (_, index) => event(`${block}-${index}`)))
    }
    const page = await store.events.read(0, 10_000)
    expect(page.gap).toBe(true)
    expect(page.events.length).toBeGreaterThanOrEqual(1000)
    expect(page.events.length).toBeLessThanOrEqual(1600)
    expect(page.events.at(-1)?.cursor).toBe(3000)
    expect((await store.events.read(2500, 10_000)).gap).toBe(false)
  })

  it('I17 keep to the limit of their bytes; one that is too large loses its data, not its place', async () => {
    const store = open({ bytes: 200_000 })
    const large: Op = { op: 'event', type: 't', subject: 's', data: { text: 'x'.repeat(1000) } }
    for (let block = 0; block < 20; block++) await store.commit(Array.from({ length: 100 }, () => large))
    const { events } = await store.events.read(0, 10_000)
    expect(events.length).toBeLessThan(800)
    expect(events.length).toBeGreaterThan(0)
    await store.commit([{ op: 'event', type: 't', subject: 'huge', data: { text: 'x'.repeat(1_000_000) } }])
    const { events: after } = await store.events.read(2000, 1)
    expect(after[0]?.data).toEqual({ omittedBytes: 1_000_011 })
  })

  it('answer a cursor of a journal that is no more from the beginning, as a gap', async () => {
    const store = open()
    await store.commit([event('a')])
    expect(await store.events.read(5000, 10)).toMatchObject({ gap: true, cursor: 1, events: [{ subject: 'a' }] })
  })
})

describe('speed', () => {
  it('makes many small commits durable (a figure, not a verdict)', async ({ annotate }) => {
    const store = open({ events: 100_000 })
    const count = 10_000
    const started = performance.now()
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < count) await store.commit([put(`k${next++}`, { state: 'queued' }, 0), event('e')])
    }
    await Promise.all(Array.from({ length: 64 }, worker))
    const perSecond = Math.round(count / ((performance.now() - started) / 1000))
    await annotate(`${perSecond} durable commits/s, 64 at a time`)
    expect(await store.list('b', { limit: count + 1 })).toHaveLength(count)
  })
})
