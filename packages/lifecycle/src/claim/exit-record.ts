// How each instance ended: one small file each, created once; the first writer wins. The instance writes it itself when it can
// (clean, crash, superseded), its watchdog when it hangs, and its successor otherwise, before it writes anything of its own.
import { join } from 'node:path'
import { unfinishedSuffix } from '../atomic-file.ts'
import { type Identity, parseIdentity } from '../identity.ts'
import { asName, asText, asWhole, asWord, parseObject } from '../json-fields.ts'
import type { Place } from '../place.ts'
import type { Label } from '../record.ts'
import type { ClaimPorts, Files } from './ports.ts'

/** `killed`: it died without a word (SIGKILL, out of memory, a crash of the runtime). */
export type ExitKind = 'clean' | 'crash' | 'hang' | 'superseded' | 'reboot' | 'killed'
const exitKinds = ['clean', 'crash', 'hang', 'superseded', 'reboot', 'killed'] as const satisfies readonly ExitKind[]

/** The end of one instance. */
export interface ExitRecord {
  readonly instance: string
  readonly epoch: number
  readonly kind: ExitKind
  /** Wall time at which it was written, ISO 8601; for people. */
  readonly at: string
  /** The same moment in milliseconds since boot, comparable within `identity.bootId`; decisions use this one. */
  readonly bootMs: number
  /** How long it held the claim. */
  readonly ranMs: number
  /** Whether it ever was ready. */
  readonly wasReady: boolean
  readonly reason: string
  readonly identity: Identity
}

const exitLimitBytes = 16_384
const reasonLimit = 4000
/** How many exit records are kept. */
export const keptExits = 64

/** The exit record in `text`, or null when it is none. */
export function parseExit(text: string): ExitRecord | null {
  const fields = parseObject(text, exitLimitBytes)
  if (fields === null) return null
  const instance = asName(fields['instance'])
  const epoch = asWhole(fields['epoch'], 1)
  const kind = asWord(fields['kind'], exitKinds)
  const at = asText(fields['at'], 64)
  const bootMs = asWhole(fields['bootMs'])
  const ranMs = asWhole(fields['ranMs'])
  const wasReady = fields['wasReady'] === true
  const reason = asText(fields['reason'], reasonLimit)
  const identity = parseIdentity(fields['identity'])
  if (instance === null || epoch === null || kind === null || at === null) return null
  if (bootMs === null || ranMs === null || reason === null || identity === null) return null
  return { instance, epoch, kind, at, bootMs, ranMs, wasReady, reason, identity }
}

/** The text of an exit record; a long reason is cut. */
export function encodeExit(record: ExitRecord): string {
  const reason = record.reason === '' ? record.kind : record.reason.slice(0, reasonLimit)
  return `${JSON.stringify({ ...record, reason })}\n`
}

/** Where the exit record of an instance lies. */
export function exitFile(place: Place, instance: string): string {
  return join(place.exitsFolder, `${instance}.json`)
}

/** The exit record of an instance, or null. */
export async function readExit(files: Files, place: Place, instance: string): Promise<ExitRecord | null> {
  const text = await files.read(exitFile(place, instance))
  return text === null ? null : parseExit(text)
}

/** The last `limit` exits, newest epoch first. Files that are no exit records are passed over. */
export async function listExits(files: Files, place: Place, limit: number = keptExits): Promise<ExitRecord[]> {
  const found: ExitRecord[] = []
  for (const name of await files.list(place.exitsFolder)) {
    if (!name.endsWith('.json') || name.startsWith('.')) continue
    const record = await readExit(files, place, name.slice(0, -'.json'.length))
    if (record !== null) found.push(record)
  }
  return found.toSorted((a, b) => b.epoch - a.epoch || b.bootMs - a.bootMs).slice(0, limit)
}

/** The exit record of the holder of `label`, as of now. */
export function exitOf(
  label: Label,
  end: { readonly kind: ExitKind; readonly reason: string },
  now: { readonly wallMs: number; readonly bootMs: number },
): ExitRecord {
  const bootMs = Math.max(0, Math.floor(now.bootMs))
  return {
    instance: label.instance,
    epoch: label.epoch,
    ...end,
    at: new Date(now.wallMs).toISOString(),
    bootMs,
    ranMs: Math.max(0, bootMs - label.sinceBootMs),
    wasReady: label.wasReady,
    identity: label.identity,
  }
}

/** What ended a holder whose lock came free and who left no record. */
function judgeSilentEnd(label: Label, ports: ClaimPorts): { kind: ExitKind; reason: string } {
  const bootId = ports.processes.bootId()
  if (label.identity.bootId !== bootId && bootId !== 'unknown' && label.identity.bootId !== 'unknown') {
    return { kind: 'reboot', reason: 'the machine went down while it ran' }
  }
  if (ports.processes.judge(label.identity) === 'alive') {
    return { kind: 'superseded', reason: 'its lock was free although it still ran' }
  }
  return { kind: 'killed', reason: 'it died without a word: SIGKILL, out of memory, or a crash of the runtime' }
}

/** Sees to it that the holder of `label` has an exit record, and returns it. Only the holder of the lock may call this. */
export async function settlePredecessor(place: Place, label: Label, ports: ClaimPorts): Promise<ExitRecord | null> {
  const known = await readExit(ports.files, place, label.instance)
  if (known !== null) return known
  const record = exitOf(label, judgeSilentEnd(label, ports), { wallMs: ports.clock.wallMs(), bootMs: ports.bootMs() })
  await ports.files.createOnce(exitFile(place, label.instance), encodeExit(record))
  return readExit(ports.files, place, label.instance)
}

/** Removes the oldest records beyond `keptExits`, and what a crash left unfinished. Only the holder of the lock may call this. */
export async function tidyExits(files: Files, place: Place): Promise<void> {
  const names = await files.list(place.exitsFolder)
  for (const name of names) if (name.endsWith(unfinishedSuffix)) await files.remove(join(place.exitsFolder, name))
  if (names.length <= keptExits) return
  const all = await listExits(files, place, Number.POSITIVE_INFINITY)
  for (const old of all.slice(keptExits)) await files.remove(exitFile(place, old.instance))
}
