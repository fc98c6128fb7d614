// What this daemon says about itself: its record, its welcome, its exit record.
import { createOnce } from '../atomic-file.ts'
import type { Claim } from '../claim/claim.ts'
import { encodeExit, exitFile, type ExitKind, exitOf, type ExitRecord } from '../claim/exit-record.ts'
import type { ClaimPorts } from '../claim/ports.ts'
import { errnoOf, fileError, isLifecycleError } from '../errors.ts'
import type { Welcome } from '../handshake.ts'
import { type DaemonRecord, type DaemonState, encodeRecord } from '../record.ts'
import type { ServeOptions } from './options.ts'

export class Self {
  state: DaemonState = 'starting'
  private readonly options: ServeOptions
  private readonly held: Claim
  private readonly ports: ClaimPorts
  private readonly startedAt: string

  constructor(options: ServeOptions, held: Claim, ports: ClaimPorts) {
    this.options = options
    this.held = held
    this.ports = ports
    this.startedAt = new Date(ports.clock.wallMs()).toISOString()
  }

  welcome(): Omit<Welcome, 'nonce'> {
    const { version, protocol, capabilities = [], config = null, owner = null } = this.options
    const { epoch, instance, identity } = this.held.label
    return { epoch, instance, version, protocol, state: this.state, capabilities, pid: identity.pid, config, owner }
  }

  /**
   * Writes the record; only after the socket listens, and only while the claim is held. It is for people: where it cannot be
   * written that is said in the log once, it is tried again at each self check, and nothing else changes.
   */
  async writeRecord(): Promise<void> {
    try {
      await this.ports.files.show(this.options.place.recordFile, encodeRecord(this.record()))
      this.isRecorded = true
    } catch (error) {
      if (errnoOf(error) === undefined && !isLifecycleError(error)) throw error
      const wasRecorded = this.isRecorded
      this.isRecorded = false
      const told = fileError('write', this.options.place.recordFile, error)
      if (wasRecorded) this.options.log?.warn('the record cannot be written', { error: told })
    }
  }

  private record(): DaemonRecord {
    const { place, version, protocol, config = null, owner = null } = this.options
    const { epoch, instance, identity } = this.held.label
    return {
      schema: 1,
      epoch,
      instance,
      identity,
      socket: place.publicSocket,
      version,
      protocol,
      execPath: process.execPath,
      config,
      owner,
      state: this.state,
      startedAt: this.startedAt,
    }
  }

  /** Writes how this instance ended, unless that is known already. */
  async recordExit(kind: ExitKind, reason: string): Promise<void> {
    await this.ports.files.createOnce(this.exitFile, encodeExit(this.exit(kind, reason)))
  }

  /** The same at once, for last words. */
  recordExitNow(kind: ExitKind, reason: string): void {
    createOnce(this.exitFile, encodeExit(this.exit(kind, reason)))
  }

  get exitFile(): string {
    return exitFile(this.options.place, this.held.label.instance)
  }

  private exit(kind: ExitKind, reason: string): ExitRecord {
    const label = { ...this.held.label, wasReady: this.wasReady }
    return exitOf(label, { kind, reason }, { wallMs: this.ports.clock.wallMs(), bootMs: this.ports.bootMs() })
  }

  /** Set once, when the service is open. */
  /** The record says what there is to say. */
  isRecorded = true
  wasReady = false
}
