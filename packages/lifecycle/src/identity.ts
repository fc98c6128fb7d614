// Which process it is. A pid alone may be reused; together with its start time and the boot it names one process.
import { asObject, asText, asWhole } from './json-fields.ts'

/** A process, for ever: used to gate signals, never as proof that it is alive. */
export interface Identity {
  readonly pid: number
  /** Start time in clock ticks since boot (Linux), or in seconds since 1970 where only that is known. */
  readonly startTicks: number
  readonly bootId: string
  /** Processes of different pid namespaces cannot judge each other. */
  readonly pidNamespace: string
  readonly uid: number
}

/** The identity in `value`, or null when it is not one. */
export function parseIdentity(value: unknown): Identity | null {
  const fields = asObject(value)
  if (fields === null) return null
  const pid = asWhole(fields['pid'], 2)
  const startTicks = asWhole(fields['startTicks'])
  const bootId = asText(fields['bootId'], 128)
  const pidNamespace = asText(fields['pidNamespace'], 128)
  const uid = asWhole(fields['uid'])
  if (pid === null || startTicks === null || bootId === null || pidNamespace === null || uid === null) return null
  return { pid, startTicks, bootId, pidNamespace, uid }
}
