// A commit as it waits for its turn: values are serialised when it is handed in, so that later changes by the caller do not
// reach the store, and its size is known.
import type { Op } from './api.ts'

export type PreparedOp =
  | {
      readonly op: 'put'
      readonly bucket: string
      readonly key: string
      readonly text: string
      readonly expect: number | null
    }
  | { readonly op: 'delete'; readonly bucket: string; readonly key: string; readonly expect: number | null }
  | {
      readonly op: 'event'
      readonly type: string
      readonly subject: string
      readonly text: string
      readonly data: Record<string, unknown>
    }

/** An event says what happened; what is larger than this belongs into a record. */
const eventLimitBytes = 64 * 1024
const valueLimitBytes = 64 * 1024 * 1024

export function prepareOps(ops: readonly Op[]): { ops: PreparedOp[]; bytes: number } {
  let bytes = 0
  const prepared = ops.map((op): PreparedOp => {
    if (op.op === 'event') {
      const text = eventText(op.data)
      bytes += text.length
      const data: Record<string, unknown> = JSON.parse(text)
      return { op: 'event', type: op.type, subject: op.subject, text, data }
    }
    if (op.key === '') throw new TypeError(`a record of bucket "${op.bucket}" needs a key that is not empty`)
    const { bucket, key, expect = null } = op
    if (op.op === 'delete') return { op: 'delete', bucket, key, expect }
    const text = valueText(op.value, `${bucket}/${key}`)
    bytes += text.length
    return { op: 'put', bucket, key, text, expect }
  })
  return { ops: prepared, bytes }
}

function eventText(data: Record<string, unknown>): string {
  const text = JSON.stringify(data)
  return text.length <= eventLimitBytes ? text : JSON.stringify({ omittedBytes: text.length })
}

function valueText(value: unknown, name: string): string {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`the value of ${name} has no JSON form`)
  if (text.length > valueLimitBytes) {
    throw new RangeError(`the value of ${name} has ${text.length} bytes; a record holds at most ${valueLimitBytes}`)
  }
  return text
}
