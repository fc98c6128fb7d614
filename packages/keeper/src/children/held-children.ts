// All children of the keeper, by id. An id names one child for ever: spawning it again gives what is held.
import type { ChildSpec } from '../api.ts'
import { KeeperError } from '../errors.ts'
import { type ChildPorts, HeldChild } from './held-child.ts'

export class HeldChildren {
  readonly #ports: ChildPorts
  readonly #maxChildren: number
  readonly #children = new Map<string, HeldChild>()
  readonly #starting = new Map<string, Promise<HeldChild>>()
  #isLeaving = false

  constructor(ports: ChildPorts, maxChildren: number) {
    this.#ports = ports
    this.#maxChildren = maxChildren
  }

  /** Those that were not forgotten, and those that are being started. */
  get count(): number {
    return this.#children.size + this.#starting.size
  }

  [Symbol.iterator](): Iterator<HeldChild> {
    return this.#children.values()
  }

  find(id: string): HeldChild | undefined {
    return this.#children.get(id)
  }

  /** Throws `unknown-child`. */
  get(id: string): HeldChild {
    const child = this.#children.get(id)
    if (child !== undefined) return child
    throw new KeeperError('unknown-child', `the keeper holds no child ${id}`)
  }

  spawn(spec: ChildSpec): Promise<HeldChild> {
    const held = this.#children.get(spec.id)
    if (held !== undefined) return Promise.resolve(held)
    const starting = this.#starting.get(spec.id) ?? this.#start(spec)
    return starting
  }

  /** Only a child that is over; what was not read of its output is gone then. */
  forget(id: string): void {
    const child = this.get(id)
    if (!child.isOver) throw new KeeperError('still-running', `child ${id} (pid ${child.describe().pid}) still runs`)
    child.release()
    this.#children.delete(id)
  }

  /** Ends every child; from now on none is started. */
  async endAll(graceMs: number): Promise<readonly { readonly pid: number; readonly command: string }[]> {
    this.#isLeaving = true
    await Promise.allSettled(this.#starting.values())
    const exits = await Promise.all([...this.#children.values()].map((child) => child.terminate(graceMs)))
    return exits.flatMap((exit) => exit.survivors)
  }

  #start(spec: ChildSpec): Promise<HeldChild> {
    if (this.#isLeaving) throw new KeeperError('leaving', `child ${spec.id} was not started: the keeper is leaving`)
    if (this.count >= this.#maxChildren) {
      throw new KeeperError('too-many-children', `child ${spec.id} was not started: ${this.count} are held already`)
    }
    const child = new HeldChild(spec, this.#ports)
    const started = child.start().then(
      () => {
        this.#starting.delete(spec.id)
        this.#children.set(spec.id, child)
        return child
      },
      (error: unknown) => {
        this.#starting.delete(spec.id)
        throw error
      },
    )
    this.#starting.set(spec.id, started)
    return started
  }
}
