// One interleaving: a seed decides what starts, which process makes the next step, who dies, is paused or runs out of space.
// In the end everything is repaired, and somebody must be able to serve and to leave in order.
import type { ClaimPorts } from '../../packages/lifecycle/src/claim/ports.ts'
import { placeOf } from '../../packages/lifecycle/src/place.ts'
import { serveDaemon } from '../../packages/lifecycle/src/serve/serve.ts'
import type { Service } from '../../packages/lifecycle/src/serve/options.ts'
import { Checker } from './checker.ts'
import { systemError } from './disk.ts'
import { Machine } from './machine.ts'
import { hostOf, portsOf } from './ports.ts'
import type { SimProcess, Step } from './process.ts'
import { Random } from './random.ts'

/** Changes the ports of a process: how a test makes the protocol wrong on purpose. */
export type Mutation = (ports: ClaimPorts, process: SimProcess, machine: Machine) => ClaimPorts

export interface RunOptions {
  readonly seed: number
  readonly mutate?: Mutation
  /** Receives each step, for people. */
  readonly trace?: (line: string) => void
}

export interface RunResult {
  readonly seed: number
  readonly steps: number
  readonly starts: number
  readonly claims: number
  readonly violation: string | null
}

const place = placeOf(
  {
    app: 'holdfast',
    scope: 'sim',
    home: null,
    run: '/run',
    sockets: '/run',
    state: '/state',
    config: '/config',
    logs: '/logs',
    owned: ['/run', '/state/claim'],
  },
  'daemon',
)

const service: Service = {
  accept: () => undefined,
  isNeeded: () => true,
  drain: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

/** No chain of awaits between two steps of the product is longer than this. */
const TURNS = 40
/** A run that needs more steps than this without faults does not come to an end. */
const CALM_STEPS = 1500

interface Odds {
  readonly start: number
  readonly crash: number
  readonly pause: number
  readonly resume: number
  readonly full: number
  readonly error: number
  readonly leave: number
  readonly reboot: number
  readonly clean: number
}

const noOdds = { crash: 0, error: 0 }

class Run {
  readonly machine = new Machine()
  readonly checker = new Checker(this.machine, place)
  steps = 0
  readonly #options: RunOptions
  readonly #random: Random

  constructor(options: RunOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
  }

  async play(): Promise<RunResult> {
    await this.#trouble()
    await this.#calm()
    const { steps, machine, checker } = this
    const { seed } = this.#options
    return { seed, steps, starts: machine.processes.length, claims: checker.claims, violation: checker.violation }
  }

  async #trouble(): Promise<void> {
    const random = this.#random
    const odds: Odds = {
      start: random.pick([0.01, 0.03]) ?? 0,
      crash: random.pick([0, 0.01, 0.03]) ?? 0,
      pause: random.pick([0, 0.02]) ?? 0,
      resume: 0.1,
      full: random.pick([0, 0, 0.03]) ?? 0,
      error: random.pick([0, 0, 0.02]) ?? 0,
      leave: random.pick([0, 0.02, 0.1]) ?? 0,
      reboot: random.pick([0, 0, 0.004]) ?? 0,
      clean: random.pick([0, 0, 0.02]) ?? 0,
    }
    for (let starts = 1 + random.below(3); starts > 0; starts--) this.#start()
    for (let left = 40 + random.below(100); left > 0 && this.checker.violation === null; left--) {
      this.#disturb(odds)
      await this.#step(odds)
      if (this.#isQuiet()) left -= 5
    }
  }

  /** Nobody is on the way in or out: only more time, or more trouble, would change anything. */
  #isQuiet(): boolean {
    for (const process of this.machine.processes) if (process.isAlive && !process.isReady) return false
    return true
  }

  #disturb(odds: Odds): void {
    const { machine } = this
    const random = this.#random
    if (machine.processes.length < 8 && random.chance(odds.start)) this.#start()
    if (random.chance(odds.full)) this.#setFull(!machine.disk.isFull)
    if (random.chance(odds.reboot)) {
      this.#tell(null, 'the machine reboots')
      machine.reboot(place.run)
      this.#start()
    }
    if (random.chance(odds.clean)) this.#clean()
    for (const process of machine.processes) {
      if (process.fate === 'running' && random.chance(odds.pause)) this.#pause(process, 'paused')
      else if (process.fate === 'paused' && random.chance(odds.resume)) this.#pause(process, 'running')
      if (process.fate === 'running' && process.leave !== null && random.chance(odds.leave)) this.#leave(process)
    }
  }

  /** Somebody tidies the folder of temporary files: the socket or record of a daemon that is ready, never the claim. */
  #clean(): void {
    const { disk, processes } = this.machine
    const epoch = processes.find((process) => process.isReady)?.epoch ?? null
    if (epoch === null) return
    const path = this.#random.pick([place.publicSocket, place.privateSocket(epoch), place.recordFile]) ?? ''
    this.#tell(null, 'a cleaner removes', path)
    this.checker.isCleaned = true
    disk.remove(path)
  }

  /** Everything is well again: whoever is there may finish, one more is started, serves, and leaves. */
  async #calm(): Promise<void> {
    this.#setFull(false)
    for (const process of this.machine.processes) if (process.fate === 'paused') this.#pause(process, 'running')
    const isBusy = (process: SimProcess): boolean => process.fate === 'running' && !process.isReady
    await this.#until(() => !this.machine.processes.some(isBusy), 'a process neither serves nor ends')
    if (!this.machine.processes.some((process) => process.isReady)) {
      const last = this.#start()
      await this.#until(() => last.isReady || !last.isAlive, 'the last one neither serves nor ends')
      if (!last.isReady) this.checker.fail(`I5 ${last.instance} does not serve although all is well: ${last.outcome}`)
    }
    const ready = this.machine.processes.find((process) => process.isReady)
    if (ready === undefined || this.checker.violation !== null) return
    await this.#until(() => ready.leave !== null, 'its service does not open')
    await this.#until(() => this.checker.isReachable(ready), 'I5 it does not make its socket and record anew')
    this.#leave(ready)
    await this.#until(() => !ready.isAlive, 'it does not leave')
    if (this.checker.violation === null) this.checker.lookAtEnd()
  }

  async #until(isDone: () => boolean, complaint: string): Promise<void> {
    for (let left = CALM_STEPS; left > 0 && this.checker.violation === null; left--) {
      if (isDone()) return
      await this.#step(noOdds)
    }
    this.checker.fail(complaint)
  }

  #start(): SimProcess {
    const { machine } = this
    const process = machine.start()
    this.#tell(process, 'starts')
    const plain = portsOf(machine, process)
    const ports = this.#options.mutate?.(plain, process, machine) ?? plain
    const end = (outcome: string): void => {
      if (!process.isAlive) return
      process.outcome = outcome
      this.#tell(process, 'ends:', outcome)
      machine.bury(process, 'ended')
      this.checker.lookAtLeaver(process)
    }
    void serveDaemon({
      place,
      instance: process.instance,
      version: '0.0.0',
      protocol: { min: 1, max: 1 },
      clock: ports.clock,
      ports,
      host: hostOf(machine, process),
      open: async (context) => {
        process.leave = (reason) => context.leave(reason)
        return service
      },
    }).then(
      (result) => end(result.kind),
      (error: unknown) => end(String(error)),
    )
    return process
  }

  #leave(process: SimProcess): void {
    if (process.leave === null) return
    this.#tell(process, 'is told to leave')
    process.isReady = false
    process.isLeaving = true
    process.leave('told to')
    process.leave = null
  }

  #pause(process: SimProcess, fate: 'paused' | 'running'): void {
    this.#tell(process, fate)
    process.fate = fate
  }

  #setFull(isFull: boolean): void {
    if (this.machine.disk.isFull !== isFull) this.#tell(null, isFull ? 'the disk is full' : 'the disk has space')
    this.machine.disk.isFull = isFull
  }

  /** Lets one process make one step, or die before or after it. */
  async #step({ crash, error }: Pick<Odds, 'crash' | 'error'>): Promise<void> {
    const next = this.#next()
    if (next === null) return
    const { process, step } = next
    this.steps++
    this.machine.nowMs = Math.max(this.machine.nowMs + 1, step.dueMs)
    process.steps.splice(process.steps.indexOf(step), 1)
    if (this.#random.chance(crash)) {
      const isAfter = this.#random.chance(0.5)
      this.#tell(process, isAfter ? 'dies after' : 'dies before', step.name)
      if (isAfter) step.run()
      this.machine.bury(process, 'dead')
    } else {
      if (step.name.includes('/') && this.#random.chance(error)) {
        this.#tell(process, 'may not', step.name)
        process.hadBrokenDisk = true
        step.fail(systemError('EIO', step.name))
      } else {
        this.#tell(process, step.name)
        step.run()
      }
      await settle(process, step)
    }
    this.checker.look()
  }

  /** A step that is due, of any process that runs; when none is, the one that is due first. */
  #next(): { process: SimProcess; step: Step } | null {
    const due: SimProcess[] = []
    let first: { process: SimProcess; step: Step } | null = null
    for (const process of this.machine.processes) {
      if (process.fate !== 'running') continue
      let isDue = false
      for (const step of process.steps) {
        if (step.dueMs <= this.machine.nowMs) isDue = true
        if (first === null || step.dueMs < first.step.dueMs) first = { process, step }
      }
      if (isDue) due.push(process)
    }
    const process = this.#random.pick(due)
    if (process === undefined) return first
    const step = this.#random.pick(process.steps.filter((each) => each.dueMs <= this.machine.nowMs))
    return step === undefined ? first : { process, step }
  }

  /** Nothing is put together where nobody listens: this runs once for each step. */
  #tell(who: SimProcess | null, what: string, rest = ''): void {
    this.#options.trace?.(`${String(this.steps).padStart(4)} ${who?.instance ?? ''} ${what} ${rest}`)
  }
}

/** Lets the code of a process run until it asks for its next step, ends, or waits for something else. */
async function settle(process: SimProcess, step: Step): Promise<void> {
  const before = process.steps.length
  step.goOn()
  const turn = Promise.resolve()
  for (let left = TURNS; left > 0 && process.steps.length <= before && process.isAlive; left--) await turn
}

export function run(options: RunOptions): Promise<RunResult> {
  return new Run(options).play()
}
