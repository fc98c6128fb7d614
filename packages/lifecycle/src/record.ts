// What a daemon says about itself in files: the record (for people and diagnostics) and the label on its lock.
// Both are advice: missing, torn or hostile they change nothing but what is shown.
import { type Identity, parseIdentity } from './identity.ts'
import { asName, asObject, asText, asWhole, asWord, type Fields, parseObject } from './json-fields.ts'

/** Where a daemon is in its life. `quarantined`: it crashed too often and serves its status only. */
export type DaemonState = 'starting' | 'ready' | 'draining' | 'quarantined'
export const daemonStates: readonly DaemonState[] = ['starting', 'ready', 'draining', 'quarantined']

/** The protocol versions that a side speaks, both ends included. */
export interface ProtocolRange {
  readonly min: number
  readonly max: number
}

/** The contents of `<role>.json`. The socket it names was listening before it was written. */
export interface DaemonRecord {
  readonly schema: 1
  readonly epoch: number
  readonly instance: string
  readonly identity: Identity
  readonly socket: string
  readonly version: string
  readonly protocol: ProtocolRange
  readonly execPath: string
  /** Fingerprint of the configuration that it was started with, or null. */
  readonly config: string | null
  readonly owner: string | null
  readonly state: DaemonState
  /** Wall time, ISO 8601. */
  readonly startedAt: string
}

/** What the holder writes on its lock: who holds it, and where it can be reached. */
export interface Label {
  readonly instance: string
  readonly epoch: number
  readonly identity: Identity
  readonly socket: string
  readonly version: string
  /** Milliseconds since boot at which it took the lock. */
  readonly sinceBootMs: number
  /** Whether it ever was ready: an end before that counts towards a crash loop. */
  readonly wasReady: boolean
}

const recordLimitBytes = 16_384
/** A label is always exactly this long, so that one write replaces it whole. */
export const labelBytes = 2048

/** The range in `value`, or null. */
export function parseRange(value: unknown): ProtocolRange | null {
  const fields = asObject(value)
  const min = asWhole(fields?.['min'])
  const max = asWhole(fields?.['max'])
  return min === null || max === null || max < min ? null : { min, max }
}

/** The newest version that both speak, or null when there is none. */
export function commonProtocol(a: ProtocolRange, b: ProtocolRange): number | null {
  const version = Math.min(a.max, b.max)
  return version >= Math.max(a.min, b.min) ? version : null
}

function optionalText(value: unknown): string | null | undefined {
  return value === null || value === undefined ? null : (asText(value) ?? undefined)
}

/** The record in `text`, or null when it is none. */
export function parseRecord(text: string): DaemonRecord | null {
  const fields = parseObject(text, recordLimitBytes)
  if (fields === null || fields['schema'] !== 1) return null
  const holder = holderOf(fields)
  const protocol = parseRange(fields['protocol'])
  const execPath = asText(fields['execPath'])
  const config = optionalText(fields['config'])
  const owner = optionalText(fields['owner'])
  const state = asWord(fields['state'], daemonStates)
  const startedAt = asText(fields['startedAt'], 64)
  if (holder === null || protocol === null || execPath === null || config === undefined) return null
  if (owner === undefined || state === null || startedAt === null) return null
  return { schema: 1, ...holder, protocol, execPath, config, owner, state, startedAt }
}

/** The text of a record. */
export function encodeRecord(record: DaemonRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`
}

function holderOf(fields: Fields): Omit<Label, 'sinceBootMs' | 'wasReady'> | null {
  const instance = asName(fields['instance'])
  const epoch = asWhole(fields['epoch'], 1)
  const identity = parseIdentity(fields['identity'])
  const socket = asText(fields['socket'])
  const version = asText(fields['version'], 128)
  if (instance === null || epoch === null || identity === null || socket === null || version === null) return null
  return { instance, epoch, identity, socket, version }
}

/** The label in `text`, or null when it is torn, empty or none. */
export function parseLabel(text: string): Label | null {
  const fields = parseObject(text, labelBytes)
  const holder = fields === null ? null : holderOf(fields)
  const sinceBootMs = asWhole(fields?.['sinceBootMs'])
  if (holder === null || sinceBootMs === null) return null
  return { ...holder, sinceBootMs, wasReady: fields?.['wasReady'] === true }
}

/** The text of a label: padded with spaces to its fixed length, ending in a newline. */
export function encodeLabel(label: Label): string {
  const text = JSON.stringify(label)
  return `${text}${' '.repeat(Math.max(0, labelBytes - 1 - Buffer.byteLength(text)))}\n`
}
