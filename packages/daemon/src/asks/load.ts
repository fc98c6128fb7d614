// Finds in the store, after a start, the asks that are not final.
import * as v from 'valibot'
import type { Store } from '../store/api.ts'
import { OpenAsk, type Piece } from './open-ask.ts'
import { AskRecord, buckets, pieceKey, TextRecord } from './record.ts'

const pageSize = 500

/** Everything with the prefix, page by page. */
async function* keysOf(store: Store, bucket: string, prefix: string): AsyncGenerator<string[]> {
  let after: string | undefined
  for (;;) {
    const page = await store.list(bucket, { prefix, limit: pageSize, ...(after === undefined ? {} : { after }) })
    if (page.length > 0) yield page.map((rec) => rec.key)
    after = page.at(-1)?.key
    if (page.length < pageSize || after === undefined) return
  }
}

async function loadPieces(store: Store, id: string): Promise<Piece[]> {
  const pieces: Piece[] = []
  const prefix = pieceKey(id, 0).slice(0, id.length + 1)
  for await (const keys of keysOf(store, buckets.piece, prefix)) {
    for (const key of keys) {
      const rec = await store.get(buckets.piece, key)
      if (rec !== null)
        pieces.push({ offset: Number(key.slice(prefix.length)), text: v.parse(TextRecord, rec.value).text })
    }
  }
  return pieces
}

async function loadOne(store: Store, id: string): Promise<OpenAsk | null> {
  const rec = await store.get(buckets.ask, id)
  if (rec === null) return null
  const record = v.parse(AskRecord, rec.value)
  return new OpenAsk(record, record.state === 'running' ? await loadPieces(store, id) : [])
}

export async function loadOpenAsks(store: Store): Promise<OpenAsk[]> {
  const found: OpenAsk[] = []
  for (const state of ['running', 'queued'] as const) {
    for await (const keys of keysOf(store, buckets.byState, `${state}/`)) {
      const asks = await Promise.all(keys.map((key) => loadOne(store, key.slice(state.length + 1))))
      found.push(...asks.filter((ask) => ask !== null))
    }
  }
  return found
}

/** The greatest id that was ever given out and is still known. */
export async function lastAskId(store: Store): Promise<string | null> {
  const [last] = await store.list(buckets.ask, { reverse: true, limit: 1 })
  return last?.key ?? null
}
