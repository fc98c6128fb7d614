// What a daemon writes first: how those before it ended, each once, and that it is there.
import type { ExitRecord } from '@holdfast/lifecycle'
import type { PutAside } from './store/sqlite-store.ts'
import type { Op, Store } from './store/api.ts'

export interface Started {
  readonly instance: string
  readonly version: string
  readonly pid: number
  readonly predecessor: ExitRecord | null
  readonly putAside: PutAside | null
}

const bucket = 'exits'
/** Far more than there are exit records on disk, so that none is told twice. */
const keptExits = 200

export async function recordStart(store: Store, started: Started): Promise<void> {
  const { instance, version, pid, predecessor, putAside } = started
  const ops: Op[] = []
  if (putAside !== null) ops.push({ op: 'event', type: 'store.put-aside', subject: putAside.to, data: { ...putAside } })
  if (predecessor !== null && (await store.get(bucket, exitKey(predecessor))) === null) {
    const { epoch, kind, at, reason } = predecessor
    ops.push(
      { op: 'put', bucket, key: exitKey(predecessor), value: { epoch, kind, at, reason } },
      { op: 'event', type: 'daemon.exited', subject: predecessor.instance, data: { epoch, kind, at, reason } },
    )
    for (const { key } of (await store.list(bucket, { reverse: true })).slice(keptExits)) {
      ops.push({ op: 'delete', bucket, key })
    }
  }
  ops.push({ op: 'event', type: 'daemon.started', subject: instance, data: { version, pid } })
  await store.commit(ops)
}

/** Sorts by epoch. */
function exitKey({ epoch, instance }: ExitRecord): string {
  return `${String(epoch).padStart(16, '0')}-${instance}`
}
