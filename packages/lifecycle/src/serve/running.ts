// One daemon from its claim to its end: publishes its socket, opens the service, watches that it still is the daemon, leaves in
// order. Steps D7 to D11 and S1 to S5. Invariants: a hello is answered at once from the publication on; after the announcement of
// a drain nobody is welcomed; the lock is the last thing it lets go.
import type { Claim } from '../claim/claim.ts'
import { listExits } from '../claim/exit-record.ts'
import { type Deadline, deadlineIn, type Timer } from '../clock.ts'
import type { RefusalCode } from '../handshake.ts'
import type { Readiness } from '../readiness.ts'
import { abandon, type Departing, drain, passStep, supersededMs, undo } from '../shutdown/departure.ts'
import { LazyWatchdog } from '../shutdown/lazy-watchdog.ts'
import type { Watchdog } from '../shutdown/watchdog.ts'
import { within } from '../shutdown/within.ts'
import { Endpoint } from './endpoint.ts'
import { IdleWatch } from './idle.ts'
import type { AcceptedClient, ServeContext, ServeResult, Service } from './options.ts'
import { OwnerLink } from './owner-link.ts'
import { quarantinedService, quarantineReason } from './quarantine.ts'
import { Reception } from './reception.ts'
import { Self } from './self.ts'
import type { Setup } from './setup.ts'

/** How often it makes sure that it still is the daemon. */
const checkMs = 750
const sweepEveryChecks = 40
/** How long after its deadline the watchdog ends a drain: within 1 s, with its thread's own delay. */
const watchdogSlackMs = 750

interface Leaving {
  readonly reason: string
  readonly deadline: Deadline
  readonly superseded: boolean
}

export class RunningDaemon {
  private readonly setup: Setup
  private readonly held: Claim
  private readonly self: Self
  private readonly reception: Reception
  private readonly endpoint: Endpoint
  private readonly link: OwnerLink
  private readonly idle: IdleWatch
  private readonly report: (readiness: Readiness) => void
  private leaving: Leaving | null = null
  private announce: () => void = () => undefined
  private readonly announced: Promise<void>
  private service: Service | null = null
  private readonly watchdog: LazyWatchdog
  private check: Timer | null = null
  private quarantine: Timer | null = null
  private checks = 0
  private checking: Promise<void> = Promise.resolve()
  private isChecked = true

  constructor(setup: Setup, held: Claim, report: (readiness: Readiness) => void) {
    const { options, clock, log, ports, host } = setup
    this.setup = setup
    this.held = held
    this.report = report
    this.self = new Self(options, held, ports)
    this.announced = new Promise((resolve) => (this.announce = resolve))
    this.reception = new Reception({
      clock,
      log,
      welcome: () => this.self.welcome(),
      verify: () => this.verifyClaim(),
      refusal: () => this.refusal(),
      came: (client) => this.cameOrLeft(client, true),
      left: (client) => this.cameOrLeft(client, false),
    })
    this.endpoint = new Endpoint({
      place: options.place,
      epoch: held.epoch,
      ports,
      listen: host.listen,
      onConnection: (socket) => this.reception.connect(socket),
    })
    this.watchdog = new LazyWatchdog(() => this.startWatchdog(), options.hangMs !== null)
    const confirm = (decide: () => void): void => void setImmediate(decide)
    this.link = new OwnerLink({
      clock,
      graceMs: options.ownerGraceMs ?? 5000,
      isSomebodyAtTheDoor: () => this.reception.unknown > 0,
      confirm,
      fire: () => this.leave(`its owner ${options.owner} is gone`),
    })
    this.idle = new IdleWatch({
      clock,
      idleMs: options.idleMs ?? null,
      isNeeded: () => this.self.state !== 'ready' || this.reception.count > 0 || this.service?.isNeeded() !== false,
      confirm,
      leave: () => this.leave('idle'),
    })
  }

  /** Serves until it has left. Rejects when it could not start; then everything is undone and the exit record says why. */
  async run(): Promise<ServeResult> {
    const { host, log } = this.setup
    const offCrash = host.onCrash((reason) => this.lastWords(reason))
    const offSignal = host.onSignal((signal) => this.leave(signal))
    try {
      await this.start()
      await this.announced
    } catch (error) {
      log.error('the daemon could not start', { error })
      await this.stopChecks()
      await undo(this.departing(), error)
      this.watchdog.stop()
      throw error
    } finally {
      this.quarantine?.cancel()
      this.link.stop()
      offSignal()
    }
    await this.stopChecks()
    const { reason, deadline, superseded } = this.leaving ?? { reason: 'unknown', deadline: null, superseded: false }
    if (superseded || deadline === null) await abandon(this.departing(), reason)
    else await drain(this.departing(), reason, deadline)
    offCrash()
    return { kind: 'ended', reason, superseded }
  }

  /** Announces the end; the first reason counts. From the next line on nobody is welcomed. */
  leave(reason: string, deadlineMs: number = this.setup.options.drainMs ?? 10_000): void {
    if (this.leaving !== null) return
    this.leaving = { reason, deadline: deadlineIn(this.setup.clock, deadlineMs), superseded: false }
    this.self.state = 'draining'
    this.watchdog.armDrain(deadlineMs + watchdogSlackMs)
    this.setup.log.info('leaving', { reason, deadlineMs })
    this.announce()
    passStep(this.setup, 'drain.announced')
  }

  private async start(): Promise<void> {
    const { ports, failpoint, options } = this.setup
    const exits = await listExits(ports.files, options.place)
    const now = { bootId: ports.processes.bootId(), bootMs: ports.bootMs() }
    const quarantine = quarantineReason(exits, now, options.quarantine)
    failpoint('start.intensity')
    await this.endpoint.open()
    if (quarantine !== null) this.self.state = 'quarantined'
    await this.self.writeRecord()
    failpoint('start.recorded')
    this.nextCheck()
    if (quarantine === null) failpoint('start.opening')
    const service = await this.openService(quarantine)
    if (service === null) return
    if (quarantine === null) failpoint('start.opened')
    this.service = service
    this.reception.open(service)
    if (this.leaving !== null) return
    if (quarantine === null) await this.becomeReady()
    else this.setup.log.error('in quarantine', { reason: quarantine })
    this.report({ kind: 'ready', epoch: this.held.epoch, instance: this.held.label.instance, pid: process.pid })
    if (quarantine === null) failpoint('start.ready')
  }

  private async becomeReady(): Promise<void> {
    this.self.state = 'ready'
    this.self.wasReady = true
    await this.held.markReady()
    await this.self.writeRecord()
    this.setup.log.info('ready', { epoch: this.held.epoch, instance: this.held.label.instance })
  }

  /** Null when it has to leave before the service was open. */
  private async openService(quarantine: string | null): Promise<Service | null> {
    const { options, clock } = this.setup
    if (quarantine !== null) {
      this.quarantine = clock.setTimer((options.quarantine?.periodMs ?? 60_000) + 1, () =>
        this.leave('the quarantine is over'),
      )
      return options.openQuarantined?.(this.context(), quarantine) ?? quarantinedService()
    }
    const opening = options.open(this.context())
    const first = await Promise.race([opening, this.announced])
    if (first !== undefined) return first
    const outcome = await within(clock, this.leaving?.deadline.remainingMs() ?? 0, () => opening)
    return outcome.kind === 'done' ? outcome.value : null
  }

  private departing(): Departing {
    const { setup, held, self, reception, endpoint, service } = this
    return { setup, held, self, reception, endpoint, service }
  }

  private context(): ServeContext {
    const { epoch, predecessor, label } = this.held
    return {
      epoch,
      instance: label.instance,
      predecessor,
      leave: (reason, deadlineMs) => this.leave(reason, deadlineMs),
      clients: () => this.reception.count,
      isCurrent: () => this.leaving?.superseded !== true,
    }
  }

  private refusal(): { readonly code: RefusalCode; readonly message: string } | null {
    if (this.leaving === null) return null
    const code = this.leaving.superseded ? 'superseded' : 'draining'
    return { code, message: `this daemon is leaving: ${this.leaving.reason}` }
  }

  private cameOrLeft(client: AcceptedClient, came: boolean): void {
    const { owner = null } = this.setup.options
    if (owner === null || client.hello.role !== 'owner') return
    if (came) this.link.ownerCame()
    else this.link.ownerLeft()
  }

  private nextCheck(): void {
    if (this.leaving !== null || !this.isChecked) return
    this.check = this.setup.clock.setTimer(checkMs, () => {
      this.checking = this.lookAround()
        .catch((error: unknown) => this.setup.log.warn('the self check failed', { error }))
        .finally(() => this.nextCheck())
    })
  }

  /** Waits for the check that is under way: it would publish and record again what the way out takes back. */
  private async stopChecks(): Promise<void> {
    this.isChecked = false
    this.check?.cancel()
    await this.checking
  }

  private async lookAround(): Promise<void> {
    const { ports, log, options } = this.setup
    this.checks += 1
    this.watchdog.look(this.reception.count > 0)
    await this.verifyClaim()
    if (this.leaving !== null) return
    if (await this.endpoint.heal()) log.warn('the public socket was gone or not ours; published again')
    const isShown = this.self.isRecorded && (await ports.files.inode(options.place.recordFile)) !== null
    if (!isShown) await this.self.writeRecord()
    if (this.checks % sweepEveryChecks === 0) this.dropDeadClients()
    this.idle.look()
  }

  /** The lock at the path is not ours any more: another may hold that one, so nothing may be done from now on (K4). */
  private async verifyClaim(): Promise<void> {
    if (this.leaving !== null || (await this.held.isCurrent())) return
    if (this.leaving !== null) return
    const reason = `the lock file ${this.setup.options.place.lockFile} was removed or replaced`
    this.leaving = { reason, deadline: deadlineIn(this.setup.clock, supersededMs), superseded: true }
    this.self.state = 'draining'
    this.watchdog.armDrain(supersededMs + watchdogSlackMs / 3)
    this.setup.log.error('superseded', { reason })
    this.announce()
  }

  /** For an end of file that is never delivered (K31). */
  private dropDeadClients(): void {
    for (const { hello, socket } of this.reception.clients) {
      if (hello.identity !== null && this.setup.ports.processes.judge(hello.identity) === 'dead') socket.destroy()
    }
  }

  private startWatchdog(): Watchdog {
    const { host, options, log } = this.setup
    const { instance, epoch, identity, sinceBootMs } = this.held.label
    const { wasReady } = this.self
    return host.watchdog({
      hangMs: options.hangMs === undefined ? 15_000 : options.hangMs,
      exitFile: this.self.exitFile,
      record: { instance, epoch, identity, sinceBootMs, wasReady },
      log,
    })
  }

  private lastWords(reason: string): void {
    try {
      this.self.recordExitNow('crash', reason)
    } catch (error) {
      // The successor settles it; an error here must not hide the one that ends the process.
      this.setup.log.error('the exit record could not be written', { error })
    }
  }
}
