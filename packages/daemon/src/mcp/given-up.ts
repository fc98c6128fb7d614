// Clients that were given up on, with what they waited for. One that comes back after all must be told that its requests may
// have run: nothing else remembers that they were taken.
import type { Clock } from '@holdfast/lifecycle'
import type { Store } from '../store/api.ts'

const BUCKET = 'mcp.given-up'
const KEPT = 1_000

export class GivenUp {
  readonly #store: Store
  readonly #clock: Pick<Clock, 'wallMs'>

  constructor(store: Store, clock: Pick<Clock, 'wallMs'>) {
    this.#store = store
    this.#clock = clock
  }

  async has(downstream: string): Promise<boolean> {
    return (await this.#store.get(BUCKET, downstream)) !== null
  }

  async add(downstream: string): Promise<void> {
    const at = this.#clock.wallMs()
    await this.#store.commit([{ op: 'put', bucket: BUCKET, key: downstream, value: { at } }])
  }

  /** Keeps the newest only. */
  async prune(): Promise<void> {
    const all = await this.#store.list(BUCKET)
    const oldestFirst = all.map(({ key, value }) => ({ key, at: timeOf(value) })).toSorted((a, b) => a.at - b.at)
    const surplus = oldestFirst.slice(0, Math.max(0, all.length - KEPT))
    if (surplus.length > 0) await this.#store.commit(surplus.map(({ key }) => ({ op: 'delete', bucket: BUCKET, key })))
  }
}

function timeOf(value: unknown): number {
  return value !== null && typeof value === 'object' && 'at' in value && typeof value.at === 'number' ? value.at : 0
}
