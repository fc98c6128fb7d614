// Who may command the keeper: the connection of the daemon with the highest epoch ever seen, and of that daemon the newest one.

export type FenceVerdict<C> =
  | { readonly kind: 'commands'; readonly deposed: C | null }
  | { readonly kind: 'fenced'; readonly epoch: number }

export class Fence<C> {
  #epoch: number
  #commander: C | null = null

  /** @param epoch of the daemon that started the keeper: no older one is let in, even first */
  constructor(epoch: number) {
    this.#epoch = epoch
  }

  get epoch(): number {
    return this.#epoch
  }

  get commander(): C | null {
    return this.#commander
  }

  claim(connection: C, epoch: number): FenceVerdict<C> {
    if (epoch < this.#epoch) return { kind: 'fenced', epoch: this.#epoch }
    const deposed = this.#commander === connection ? null : this.#commander
    this.#epoch = epoch
    this.#commander = connection
    return { kind: 'commands', deposed }
  }

  leave(connection: C): void {
    if (this.#commander === connection) this.#commander = null
  }
}
