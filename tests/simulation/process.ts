// A simulated process: real code of the product whose every step on the machine waits here until the scheduler lets it happen.
import type { Identity } from '../../packages/lifecycle/src/identity.ts'

/** A step that the process wants to make. It happens whole, when the scheduler says so, or never. */
export interface Step {
  readonly name: string
  /** Not before this time. */
  readonly dueMs: number
  run(): void
  /** Instead of `run`: the machine refuses. */
  fail(error: Error): void
  /** Lets the code of the process go on. */
  goOn(): void
}

export type Fate = 'running' | 'paused' | 'dead' | 'ended'

export function bootIdOf(boot: number): string {
  return `boot-${boot}`
}

export class SimProcess {
  readonly identity: Identity
  readonly instance: string
  readonly steps: Step[] = []
  fate: Fate = 'running'
  /** The epoch of its claim, once it was acquired. */
  epoch: number | null = null
  /** It says that it is ready, and has not begun to leave. */
  isReady = false
  /** It was told to leave. */
  isLeaving = false
  /** The machine refused it something at least once. */
  wasRefused = false
  /** Some of that was for no reason that space would cure. */
  hadBrokenDisk = false
  diedInReboot = false
  /** Tells its daemon to leave, once that is there. */
  leave: ((reason: string) => void) | null = null
  /** What its code came to. */
  outcome = ''
  /** The inodes whose lock it holds. */
  readonly locked = new Set<string>()

  readonly boot: number

  constructor(pid: number, boot: number) {
    this.boot = boot
    this.instance = `p${pid}`
    this.identity = { pid, startTicks: pid * 7, bootId: bootIdOf(boot), pidNamespace: 'pid:[1]', uid: 1000 }
  }

  get isAlive(): boolean {
    return this.fate === 'running' || this.fate === 'paused'
  }

  /** Asks for a step; resolves with its result after it happened. A dead process waits for ever. */
  ask<T>(name: string, effect: () => T, dueMs = 0): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let goOn = (): void => undefined
      this.steps.push({
        name,
        dueMs,
        run: () => {
          try {
            const value = effect()
            goOn = () => resolve(value)
          } catch (error) {
            this.wasRefused = true
            goOn = () => reject(error)
          }
        },
        fail: (error) => {
          this.wasRefused = true
          goOn = () => reject(error)
        },
        goOn: () => goOn(),
      })
    })
  }

  /** A timer: a step that can be taken back. */
  timer(dueMs: number, fn: () => void): { cancel(): void } {
    const step: Step = { name: 'timer', dueMs, run: () => undefined, fail: () => undefined, goOn: fn }
    this.steps.push(step)
    return {
      cancel: () => {
        const at = this.steps.indexOf(step)
        if (at !== -1) this.steps.splice(at, 1)
      },
    }
  }
}
