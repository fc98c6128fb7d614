// Keeps the history bounded (invariant 17): the oldest finished asks are forgotten, with their prompts and answers. Asks that
// are not finished are never touched.
import * as v from 'valibot'
import type { Op, Store } from '../store/api.ts'
import { AskRecord, buckets, forgetOps } from './record.ts'
import { isFinal } from './transition.ts'

const defaultHistoryLimit = 10_000

const pageSize = 200

export class History {
  readonly #store: Store
  readonly #limit: number
  /** Asks of any state in the store; null until counted. */
  #count: number | null = null
  #running: Promise<void> | null = null

  constructor(store: Store, limit: number = defaultHistoryLimit) {
    this.#store = store
    this.#limit = limit
  }

  /** An ask more. */
  accepted(): void {
    if (this.#count !== null) this.#count += 1
  }

  /** Forgets what is over the limit; `openCount` asks are not finished. One run at a time, in steps. */
  async trim(openCount: number): Promise<void> {
    if (this.#running !== null) return this.#running
    if (this.#count !== null && this.#count - openCount <= this.#limit + pageSize) return
    this.#running = this.#trim(openCount).finally(() => (this.#running = null))
    return this.#running
  }

  async #trim(openCount: number): Promise<void> {
    this.#count ??= await this.#countAll()
    let over = this.#count - openCount - this.#limit
    let after: string | undefined
    while (over > 0) {
      const page = await this.#store.list(buckets.ask, { limit: pageSize, ...(after === undefined ? {} : { after }) })
      after = page.at(-1)?.key
      if (after === undefined) return
      const finished = page.map((rec) => v.parse(AskRecord, rec.value)).filter((record) => isFinal(record.state))
      const gone = finished.slice(0, over)
      const ops = gone.flatMap((record): Op[] => forgetOps(record))
      if (ops.length > 0) await this.#store.commit(ops)
      this.#count -= gone.length
      over -= gone.length
    }
  }

  async #countAll(): Promise<number> {
    let count = 0
    let after: string | undefined
    for (;;) {
      const page = await this.#store.list(buckets.byState, { limit: 2000, ...(after === undefined ? {} : { after }) })
      count += page.length
      after = page.at(-1)?.key
      if (page.length < 2000 || after === undefined) return count
    }
  }
}
