// Lists asks, the newest first, out of the indexes: what is read grows with what is shown, not with what is kept.
import type { Ask, AskState } from '@holdfast/protocol'
import type { Store } from '../store/api.ts'
import type { AskBook } from './book.ts'
import { buckets, projectPrefix } from './record.ts'
import { askTransitions } from './transition.ts'

export interface ListQuery {
  readonly project?: string | undefined
  readonly states?: readonly AskState[] | undefined
  readonly limit?: number | undefined
}

const defaultLimit = 100
const maxLimit = 1000

function statesOf(query: ListQuery): AskState[] {
  const all = Object.keys(askTransitions) as AskState[]
  return query.states === undefined ? all : all.filter((state) => query.states?.includes(state))
}

export async function listAsks(store: Store, book: AskBook, query: ListQuery): Promise<Ask[]> {
  const limit = Math.max(1, Math.min(maxLimit, Math.floor(query.limit ?? defaultLimit)))
  const bucket = query.project === undefined ? buckets.byState : buckets.byProject
  const pages = statesOf(query).map(async (state) => {
    const prefix = query.project === undefined ? `${state}/` : projectPrefix(query.project, state)
    const recs = await store.list(bucket, { prefix, limit, reverse: true })
    return recs.map((rec) => rec.key.slice(prefix.length))
  })
  const ids = [...new Set((await Promise.all(pages)).flat())].sort((a, b) => (a < b ? 1 : -1)).slice(0, limit)
  const records = await Promise.all(ids.map((id) => book.record(id)))
  return records.filter((record) => record !== null).map((record) => book.view(record))
}
