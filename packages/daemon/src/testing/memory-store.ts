// A store in memory for tests of recovery logic: what is committed survives, as the disk would; a handle can die at any commit,
// before or after it took effect, as a daemon does.
import type { Commit, ListOptions, Op, Rec, Store, StoredEvent } from '../store/api.ts'

/** What survives. */
export class Disk {
  readonly buckets = new Map<string, Map<string, Rec>>()
  readonly events: StoredEvent[] = []
  rev = 0

  bucket(name: string): Map<string, Rec> {
    const found = this.buckets.get(name) ?? new Map<string, Rec>()
    this.buckets.set(name, found)
    return found
  }

  commit(ops: readonly Op[]): Commit {
    for (const [index, op] of ops.entries()) {
      if (op.op === 'event' || op.expect === undefined) continue
      const current = this.bucket(op.bucket).get(op.key) ?? null
      if ((current?.rev ?? 0) !== op.expect) return { ok: false, index, current }
    }
    return { ok: true, revs: ops.map((op) => this.#apply(op)), cursor: this.events.length }
  }

  #apply(op: Op): number {
    this.rev += 1
    if (op.op === 'put') {
      const value: unknown = JSON.parse(JSON.stringify(op.value))
      this.bucket(op.bucket).set(op.key, { key: op.key, rev: this.rev, value })
    } else if (op.op === 'delete') this.bucket(op.bucket).delete(op.key)
    else {
      const { type, subject, data } = op
      this.events.push({ cursor: this.events.length + 1, at: '', epoch: 1, type, subject, data })
    }
    return this.rev
  }
}

/** Called at each step of the handle; throwing there is dying there. */
export type Step = (where: string) => Promise<void>

export function memoryStore(disk: Disk, step: Step = () => Promise.resolve()): Store {
  return {
    async commit(ops) {
      await step('before commit')
      const result = disk.commit(ops)
      await step('after commit')
      return result
    },
    async get(bucket, key) {
      await step('get')
      return disk.bucket(bucket).get(key) ?? null
    },
    async list(bucket, options: ListOptions = {}) {
      await step('list')
      const { prefix = '', after, limit = Number.POSITIVE_INFINITY, reverse = false } = options
      const sorted = [...disk.bucket(bucket).values()].filter(({ key }) => key.startsWith(prefix))
      sorted.sort((a, b) => (a.key < b.key === reverse ? 1 : -1))
      const from = after === undefined ? sorted : sorted.filter(({ key }) => (reverse ? key < after : key > after))
      return from.slice(0, limit)
    },
    events: {
      read: () => Promise.resolve({ events: disk.events, cursor: disk.events.length, gap: false }),
      last: () => disk.events.length,
      onAppend: () => () => undefined,
    },
    close: () => Promise.resolve(),
  }
}
