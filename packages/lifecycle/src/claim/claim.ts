// To be the daemon of a place is to hold its lock. Steps D2 to D6: take the lock, verify that it is the one at the path, settle how
// the one before ended, label the lock, take the next epoch. A loser changes nothing and learns who won.
// Invariants: one holder at a time (K1); the lock file is never unlinked (K6); the epoch only grows (K7); the predecessor's exit
// record is there before anything of ours is (K32).
import { deadlineIn } from '../clock.ts'
import { errnoOf, fileError, LifecycleError } from '../errors.ts'
import type { Identity } from '../identity.ts'
import { asWhole } from '../json-fields.ts'
import type { Place } from '../place.ts'
import { type DaemonRecord, encodeLabel, type Label, parseLabel, parseRecord } from '../record.ts'
import {
  encodeExit,
  exitFile,
  exitOf,
  type ExitRecord,
  listExits,
  readExit,
  settlePredecessor,
  tidyExits,
} from './exit-record.ts'
import type { ClaimPorts, LockFile } from './ports.ts'

/** Who claims. */
export interface Claimant {
  /** Chosen by whoever started it; unique for ever. */
  readonly instance: string
  readonly identity: Identity
  readonly version: string
}

/** The claim that is held. */
export interface Claim {
  readonly kind: 'acquired'
  readonly epoch: number
  readonly label: Label
  /** How the last holder ended, or null when there was none. */
  readonly predecessor: ExitRecord | null
  /** Writes on the lock that its holder is ready. */
  markReady(): Promise<void>
  /** Whether the lock that we hold is still the one at the path; false means that another may hold that one. */
  isCurrent(): Promise<boolean>
  /** Frees the lock. */
  release(): Promise<void>
}

/** The claim, or who has it (null when that was not written in time). */
export type ClaimResult = Claim | { readonly kind: 'taken'; readonly by: Label | null }

/** How long a loser waits for the winner to write its label (it must be gone within 500 ms). */
const labelWaitMs = 300
const labelPollMs = 10
const lockAttempts = 20
/** Epochs are decimal numbers in file names and columns: far below 2^53, and what is above was never written by us. */
const epochLimit = 2 ** 50

/** Tries to become the holder of the place. Throws `lock-unsupported`, `disk-full`, `folder-unwritable`, `epoch-exhausted`. */
export async function claim(place: Place, self: Claimant, ports: ClaimPorts): Promise<ClaimResult> {
  const lock = await takeLock(place, ports)
  if ('kind' in lock) return lock
  try {
    return await establish(place, self, lock, ports)
  } catch (error) {
    await lock.close()
    throw fileError('claim', place.claim, error)
  }
}

type Taken = Extract<ClaimResult, { kind: 'taken' }>

async function takeLock(place: Place, ports: ClaimPorts): Promise<LockFile | Taken> {
  for (let attempt = 0; attempt < lockAttempts; attempt += 1) {
    const lock = await openLock(place, ports)
    let keep = false
    try {
      if (!(await lock.tryLock())) return { kind: 'taken', by: await winnerOf(place, lock, ports) }
      ports.failpoint('claim.locked')
      const isAtPath = (await ports.files.inode(place.lockFile)) === (await lock.inode())
      if (isAtPath) ports.failpoint('claim.verified')
      keep = isAtPath
    } finally {
      if (!keep) await lock.close()
    }
    if (keep) return lock
  }
  throw new LifecycleError('lock-unsupported', `${place.lockFile} was replaced again and again while it was locked`)
}

async function openLock(place: Place, ports: ClaimPorts): Promise<LockFile> {
  try {
    return await ports.locks.open(place.lockFile)
  } catch (error) {
    throw fileError('open the lock', place.lockFile, error)
  }
}

/** The label of whoever holds the lock, once it is written; null when that takes too long. Never the label of the one before. */
async function winnerOf(place: Place, lock: LockFile, ports: ClaimPorts): Promise<Label | null> {
  const deadline = deadlineIn(ports.clock, labelWaitMs)
  for (;;) {
    const label = parseLabel(await lock.read())
    if (label !== null && (await mayHold(place, label, ports))) return label
    if (deadline.isOver()) return null
    await ports.clock.sleep(labelPollMs)
  }
}

async function mayHold(place: Place, label: Label, ports: ClaimPorts): Promise<boolean> {
  if (ports.processes.judge(label.identity) === 'dead') return false
  return (await readExit(ports.files, place, label.instance)) === null
}

async function establish(place: Place, self: Claimant, lock: LockFile, ports: ClaimPorts): Promise<Claim> {
  await ports.files.ensureFolder(place.exitsFolder)
  const before = await predecessorOf(place, lock, ports)
  const predecessor = before === null ? null : await settlePredecessor(place, before, ports)
  await tidyExits(ports.files, place)
  ports.failpoint('claim.predecessor')
  const epoch = await nextEpoch(place, before, ports)
  const sinceBootMs = Math.floor(ports.bootMs())
  const label: Label = { ...self, epoch, socket: place.publicSocket, sinceBootMs, wasReady: false }
  await lock.write(encodeLabel(label))
  try {
    ports.failpoint('claim.labelled')
    await ports.files.replace(place.epochFile, `${epoch}\n`)
    ports.failpoint('claim.epoch')
  } catch (error) {
    await recordFailure(place, label, error, ports)
    throw error
  }
  return {
    kind: 'acquired',
    epoch,
    label,
    predecessor,
    markReady: () => lock.write(encodeLabel({ ...label, wasReady: true }), 'visible'),
    isCurrent: async () => (await ports.files.inode(place.lockFile)) === (await lock.inode()),
    release: () => lock.close(),
  }
}

/** We are on the label already, so our end must be told. Where that fails too (a full disk), the successor does it. */
async function recordFailure(place: Place, label: Label, cause: unknown, ports: ClaimPorts): Promise<void> {
  const end = { kind: 'crash', reason: `the claim failed: ${String(cause)}` } as const
  const record = exitOf(label, end, { wallMs: ports.clock.wallMs(), bootMs: ports.bootMs() })
  try {
    await ports.files.createOnce(exitFile(place, label.instance), encodeExit(record))
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
  }
}

/** Who held the lock last: the label; where the lock file is new, the record may know (of an epoch that there was). */
async function predecessorOf(place: Place, lock: LockFile, ports: ClaimPorts): Promise<Label | null> {
  const label = parseLabel(await lock.read())
  if (label !== null) return label
  const record = await adviceOf(place, ports)
  if (record === null || ports.processes.judge(record.identity) === 'alive') return null
  if (record.epoch > (await writtenEpoch(place, ports))) return null
  const { instance, epoch, identity, socket, version, state } = record
  const wasReady = state !== 'starting'
  return { instance, epoch, identity, socket, version, sinceBootMs: Math.floor(ports.bootMs()), wasReady }
}

/** The record, where it can be read: whatever else lies there is no reason not to claim. */
async function adviceOf(place: Place, ports: ClaimPorts): Promise<DaemonRecord | null> {
  try {
    return parseRecord((await ports.files.read(place.recordFile)) ?? '')
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return null
  }
}

/** One more than every epoch that left a trace, so that a lost or torn file never makes it step back. */
async function nextEpoch(place: Place, before: Label | null, ports: ClaimPorts): Promise<number> {
  const written = await writtenEpoch(place, ports)
  const [newest] = await listExits(ports.files, place, 1)
  const seen = [written, before?.epoch ?? 0, newest?.epoch ?? 0].filter((each) => each < epochLimit)
  const epoch = Math.max(...seen, 0) + 1
  if (epoch >= epochLimit) {
    throw new LifecycleError('epoch-exhausted', `the epoch in ${place.claim} is ${epoch - 1}: there is no next one`)
  }
  return epoch
}

/** The number in the epoch file; 0 when there is none. */
async function writtenEpoch(place: Place, ports: ClaimPorts): Promise<number> {
  const text = ((await ports.files.read(place.epochFile)) ?? '').trim()
  return /^\d{1,16}$/.test(text) ? (asWhole(Number(text)) ?? 0) : 0
}
