// What must hold after every step, whatever happened. Looks at the machine only, never at what the code believes.
import { type ExitRecord, parseExit } from '../../packages/lifecycle/src/claim/exit-record.ts'
import type { Place } from '../../packages/lifecycle/src/place.ts'
import { parseLabel, parseRecord } from '../../packages/lifecycle/src/record.ts'
import type { Inode } from './disk.ts'
import type { Change, Machine } from './machine.ts'
import type { SimProcess } from './process.ts'

export class Checker {
  /** The first invariant that was broken, in words. */
  violation: string | null = null
  /** Something outside took sockets or records away: names may be missing until the daemon looks around. */
  isCleaned = false
  /** How many instances wrote their label. */
  claims = 0
  readonly #machine: Machine
  readonly #place: Place
  readonly #claimed: SimProcess[] = []
  readonly #exits = new Map<string, Inode>()
  #highestEpoch = 0
  #mayHaveExits = false

  constructor(machine: Machine, place: Place) {
    this.#machine = machine
    this.#place = place
    machine.witness = (process, change, path, text) => this.#onChange(process, change, path, text ?? '')
  }

  /** After each step. */
  look(): void {
    this.#lookAtSocket()
    if (this.#mayHaveExits) this.#lookAtExits()
    this.#mayHaveExits = false
  }

  /** K25 K47 Whoever ended in order leaves no record and no socket of its own behind. */
  lookAtLeaver(process: SimProcess): void {
    // Where the machine refused to remove a name, that is left to the next one.
    if (process.epoch === null || process.hadBrokenDisk) return
    const { names } = this.#machine.disk
    const { recordFile, publicSocket } = this.#place
    const record = parseRecord(names.get(recordFile)?.text ?? '')
    if (record?.instance === process.instance) this.#broken(`K47 ${nameOf(process)} ended and left its record`)
    const left = [publicSocket, this.#place.privateSocket(process.epoch)].filter(
      (path) => names.get(path)?.boundBy === process.identity.pid,
    )
    if (left.length > 0) this.#broken(`K47 ${nameOf(process)} ended and left ${left.join()}`)
  }

  /** Once everything is over and somebody served again. */
  lookAtEnd(): void {
    const { disk } = this.#machine
    for (const process of this.#claimed) {
      const exit = parseExit(disk.names.get(this.#exitFile(process))?.text ?? '')
      if (exit === null) this.#broken(`I32 ${nameOf(process)} has no exit record`)
      else this.#lookAtExit(process, exit)
    }
    for (const path of disk.names.keys()) {
      if (path.endsWith('.tmp') || path.startsWith(`${this.#place.sockets}/`))
        this.#broken(`K47 ${path} was left behind`)
    }
  }

  /** Whether clients find it. */
  isReachable(process: SimProcess): boolean {
    const { names } = this.#machine.disk
    const { publicSocket, recordFile } = this.#place
    return names.get(publicSocket)?.listener === process.identity.pid && names.has(recordFile)
  }

  fail(message: string): void {
    this.#broken(message)
  }

  #broken(message: string): void {
    this.violation ??= message
  }

  /** K2 K3 K6 K25 Whoever does not hold the claim changes nothing, and the lock file is nobody's to remove. */
  #onChange(process: SimProcess, change: Change, path: string, text: string): void {
    const { lockFile, startLockFile, recordFile, publicSocket } = this.#place
    const doing = (): string => `${nameOf(process)} does ${change} ${path}`
    if (path.startsWith(this.#place.exitsFolder)) this.#mayHaveExits = true
    const isLock = path === lockFile || path === startLockFile
    if (isLock && change !== 'write') this.#broken(`K6 ${doing()}`)
    if (!this.#hasClaim(process)) this.#broken(`K3 without the claim, ${doing()}`)
    if (path === publicSocket && (change === 'bind' || change === 'link'))
      this.#broken(`K2 not at one instant, ${doing()}`)
    if (path === lockFile) this.#onLabel(process, text)
    if (path === recordFile && change === 'rename') this.#onRecord(process, text)
  }

  /** I1 I2 One holder at a time, and each has a higher epoch than all before it. */
  #onLabel(process: SimProcess, text: string): void {
    const label = parseLabel(text)
    if (label === null) return this.#broken(`K1 ${nameOf(process)} writes a label that nobody can read`)
    if (process.epoch !== null) return
    process.epoch = label.epoch
    const other = this.#claimed.find((each) => each.isAlive && each.locked.size > 0)
    if (other !== undefined) this.#broken(`I1 ${nameOf(process)} is past its claim while ${nameOf(other)} is`)
    if (label.epoch <= this.#highestEpoch) {
      this.#broken(`I2 ${nameOf(process)} follows epoch ${this.#highestEpoch}`)
    }
    this.#lookAtPredecessors(process)
    this.#highestEpoch = Math.max(this.#highestEpoch, label.epoch)
    this.#claimed.push(process)
    this.claims++
  }

  /** K32 Before anything of ours is written, the end of everyone before is known: their label is gone afterwards. */
  #lookAtPredecessors(process: SimProcess): void {
    for (const before of this.#claimed) {
      if (this.#machine.disk.names.has(this.#exitFile(before))) continue
      this.#broken(`K32 ${nameOf(process)} labels the lock before the end of ${nameOf(before)} is recorded`)
    }
  }

  #onRecord(process: SimProcess, text: string): void {
    const record = parseRecord(text)
    if (record === null) return this.#broken(`I3 ${nameOf(process)} writes a record that nobody can read`)
    if (record.epoch !== process.epoch) this.#broken(`I3 ${nameOf(process)} writes the record of epoch ${record.epoch}`)
    const socket = this.#machine.disk.names.get(record.socket)
    const isOurs = socket?.listener === process.identity.pid || (socket === undefined && this.isCleaned)
    if (record.state !== 'draining' && !isOurs) {
      this.#broken(`I3 the record of ${nameOf(process)} names a socket that is ${socketOf(socket)}`)
    }
    if (record.state === 'ready' && !process.isLeaving) process.isReady = true
  }

  /** I3 K25 While a daemon is ready the public name stands for its socket. */
  #lookAtSocket(): void {
    for (const process of this.#claimed) {
      if (!process.isReady) continue
      const socket = this.#machine.disk.names.get(this.#place.publicSocket)
      if (socket?.listener === process.identity.pid || (socket === undefined && this.isCleaned)) continue
      this.#broken(`I3 ${nameOf(process)} is ready, and the public socket is ${socketOf(socket)}`)
    }
  }

  /** K32 An exit record is written once, never changed, never taken away, and not while its instance holds the claim unhurt. */
  #lookAtExits(): void {
    for (const process of this.#claimed) {
      const inode = this.#machine.disk.names.get(this.#exitFile(process))
      const known = this.#exits.get(process.instance)
      if (known === inode) continue
      if (known !== undefined || inode === undefined) {
        this.#broken(`K32 the exit record of ${nameOf(process)} was changed`)
        continue
      }
      this.#exits.set(process.instance, inode)
      const isWrong = process.isAlive && process.isReady
      if (isWrong) this.#broken(`K32 the end of ${nameOf(process)} is recorded while it is ready`)
    }
  }

  /** K33 The record tells what really happened. */
  #lookAtExit(process: SimProcess, exit: ExitRecord): void {
    const told = `${nameOf(process)}, ${process.fate} (${process.outcome}), is told as ${exit.kind} of epoch ${exit.epoch}`
    if (exit.instance !== process.instance || exit.epoch !== process.epoch) this.#broken(`K33 ${told}`)
    if (!possibleEnds(process, this.#machine.boot).includes(exit.kind)) this.#broken(`K33 ${told}`)
  }

  #exitFile(process: SimProcess): string {
    return `${this.#place.exitsFolder}/${process.instance}.json`
  }

  #hasClaim(process: SimProcess): boolean {
    const inode = this.#machine.disk.names.get(this.#place.lockFile)
    return inode !== undefined && this.#machine.locks.get(inode.id) === process
  }
}

/** Words for its end that would be true: a death that comes after the last words changes nothing. */
function possibleEnds(process: SimProcess, boot: number): readonly string[] {
  // Whoever died before the machine went down, unrecorded, cannot be told from who died with it.
  const silent = process.boot === boot ? ['killed'] : process.diedInReboot ? ['reboot'] : ['killed', 'reboot']
  if (process.fate === 'ended') return process.wasRefused ? ['clean', 'crash', ...silent] : ['clean']
  const spoken = [...(process.isLeaving ? ['clean'] : []), ...(process.wasRefused ? ['crash'] : [])]
  return [...silent, ...spoken]
}

function nameOf(process: SimProcess): string {
  return process.epoch === null ? process.instance : `${process.instance} (epoch ${process.epoch})`
}

function socketOf(inode: Inode | undefined): string {
  if (inode === undefined) return 'missing'
  return inode.listener === null ? 'dead' : `that of process ${inode.listener}`
}
