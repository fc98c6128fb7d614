// A daemon's life as a count of its steps: at the chosen one it dies, and nothing that waits ever goes on.
import type { Step } from './memory-store.ts'

export class Life {
  /** Resolves at the death. */
  readonly dead: Promise<void>
  steps = 0
  isDead = false
  readonly #dieAt: number
  readonly #onDead: () => void
  readonly #listeners: (() => void)[] = []

  /** `dieAt`: the number of the step; 0: never. */
  constructor(dieAt: number) {
    this.#dieAt = dieAt
    const { promise, resolve } = Promise.withResolvers<void>()
    this.dead = promise
    this.#onDead = resolve
  }

  onDeath(listener: () => void): void {
    this.#listeners.push(listener)
  }

  die(): void {
    this.isDead = true
    for (const listener of this.#listeners) listener()
    this.#onDead()
  }

  readonly step: Step = async () => {
    await Promise.resolve()
    this.steps += 1
    if (!this.isDead && this.steps === this.#dieAt) this.die()
    // The dead do not go on.
    if (this.isDead) await new Promise(() => undefined)
  }
}
