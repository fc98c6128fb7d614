// What one call of `ensureDaemon` did so far, and what that makes of a connection: the result with its reason, or a typed error.
import { listExits, readExit } from '../claim/exit-record.ts'
import { systemFiles } from '../claim/system-ports.ts'
import { LifecycleError, lifecycleErrors, type LifecycleErrorCode } from '../errors.ts'
import { tailFile } from '../log.ts'
import type { Label } from '../record.ts'
import { newInstance } from '../serve/starter.ts'
import type { ConnectResult } from './connect.ts'
import type { Ensured, EnsureReason, EnsureRequest, Replacement } from './request.ts'
import type { Replaced } from './replace.ts'
import { evidenceLimitBytes, type ReadyResult } from './spawn-detached.ts'

type FailedStart = Exclude<ReadyResult, { kind: 'ready' | 'lost' }>

/** The memory of one call. */
export class Outcome {
  /** The daemon that this call ended because it was hung. */
  replaced: Replaced | null = null
  /** Who held the claim before this call started one. */
  before: Label | null = null
  private readonly request: EnsureRequest
  private readonly own = new Set<string>()
  private asked: Replacement['reason'] | null = null

  constructor(request: EnsureRequest) {
    this.request = request
  }

  /** A new instance id; the daemon that carries it is known to be ours, however we meet it first. */
  newInstance(): string {
    const instance = newInstance()
    this.own.add(instance)
    return instance
  }

  /** The wish to have another daemon than this one; at most once a call (K20). */
  replacementOf(seen: ConnectResult): Replacement | null {
    if (seen.kind !== 'connected' && seen.kind !== 'quarantined') return null
    if (this.asked !== null || this.own.has(seen.welcome.instance)) return null
    return this.request.replaces?.(seen.welcome) ?? null
  }

  askedToLeave(reason: Replacement['reason']): void {
    this.asked = reason
  }

  /** The result, when this connection is one; null when there is more to do. Throws what no start can mend. */
  async accept(seen: ConnectResult): Promise<Ensured | null> {
    switch (seen.kind) {
      case 'connected': {
        if (this.replacementOf(seen) !== null) {
          seen.socket.destroy()
          return null
        }
        const { socket, welcome } = seen
        const started = this.own.has(welcome.instance)
        const reason = started ? await this.reason() : 'running'
        return { socket, welcome, started, reason, ...(this.replaced ? { replaced: this.replaced } : {}) }
      }
      case 'quarantined': {
        seen.socket.destroy()
        if (this.replacementOf(seen) !== null) return null
        throw await this.quarantined()
      }
      case 'forbidden':
      case 'foreign':
      case 'incompatible':
        throw seen.error
      case 'absent':
      case 'refused':
      case 'silent':
      case 'draining':
        break
    }
    return null
  }

  /** A crash loop, with how the last one ended and the end of the log. */
  private async quarantined(): Promise<LifecycleError> {
    const { place, start } = this.request
    const exits = await listExits(systemFiles(), place)
    const last = exits.find((each) => each.kind !== 'clean' && each.kind !== 'superseded')
    const cause = last === undefined ? '' : `; the last time: ${last.kind}, ${last.reason}`
    const evidence = tailFile(start.logFile, evidenceLimitBytes)
    return new LifecycleError('daemon-quarantined', `the ${place.role} crashed too often${cause}`, { evidence })
  }

  private async reason(): Promise<EnsureReason> {
    if (this.asked !== null) return this.asked
    if (this.replaced !== null) return 'hung'
    if (this.before === null) return 'absent'
    const exit = await readExit(systemFiles(), this.request.place, this.before.instance)
    if (exit?.kind === 'hang') return 'hung'
    return exit?.kind === 'crash' || exit?.kind === 'killed' ? 'crashed' : 'absent'
  }

  /** The error at the deadline. */
  late(seen: ConnectResult): LifecycleError {
    const { place, deadlineMs } = this.request
    const within = `within ${deadlineMs} ms`
    if (seen.kind === 'draining')
      return new LifecycleError('daemon-draining', `${seen.message}, and was not gone ${within}`)
    if (seen.kind === 'silent') {
      // Too short a time to call it hung.
      return new LifecycleError('deadline-over', `the ${place.role} of ${place.publicSocket} did not answer ${within}`)
    }
    return new LifecycleError('start-timeout', `no ${place.role} was ready ${within} (${place.publicSocket})`)
  }

  /** The error after so many starts, none of which gave a daemon that could be connected to. */
  async neverUsable(starts: number): Promise<LifecycleError> {
    const { place, start } = this.request
    const [last] = await listExits(systemFiles(), place)
    const cause = last === undefined ? '' : `; the last time: ${last.kind}, ${last.reason}`
    const evidence = tailFile(start.logFile, evidenceLimitBytes)
    const message = `the ${place.role} was started ${starts} times and ended before it could be used${cause}`
    return new LifecycleError('start-failed', message, { evidence })
  }

  /** The error of a start that failed: its own words, else its exit record, and the end of its log (K34). */
  async failedStart(result: FailedStart, instance: string): Promise<LifecycleError> {
    const { place, deadlineMs, start } = this.request
    switch (result.kind) {
      case 'unspawnable':
        return new LifecycleError('start-failed', `${start.command} could not be started: ${result.error.message}`, {
          cause: result.error,
          hint: `check that ${start.command} and the folder ${start.cwd} exist`,
        })
      case 'failed': {
        const code = isKnown(result.code) ? result.code : 'start-failed'
        const message = `the ${place.role} could not start: ${result.message}`
        const hint = result.hint === null ? {} : { hint: result.hint }
        return new LifecycleError(code, message, { evidence: result.evidence, ...hint })
      }
      case 'slow': {
        const message = `the ${place.role} was not ready within ${deadlineMs} ms; its log is ${start.logFile}`
        return new LifecycleError('start-timeout', message, { evidence: result.evidence })
      }
      case 'died':
        break
    }
    const exit = await readExit(systemFiles(), place, instance)
    const cause = exit === null ? 'it left no word' : `${exit.kind}, ${exit.reason}`
    const message = `the ${place.role} ended while it started: ${cause}; its log is ${start.logFile}`
    return new LifecycleError('start-failed', message, { evidence: result.evidence })
  }
}

function isKnown(code: string): code is LifecycleErrorCode {
  return Object.hasOwn(lifecycleErrors, code)
}
