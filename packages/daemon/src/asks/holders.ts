// Who an ask with `cancelOnExit` is for: the connections that asked or wait. When the last one is gone, so is the reason to go
// on. Connections that the daemon itself ends while it leaves do not count, nor do those that died with an earlier daemon:
// their owners get a while to come back.
import type { Client } from '../feature.ts'

export class Holders {
  readonly #holders = new Map<string, Set<string>>()
  readonly #known = new Set<string>()
  readonly #onAbandoned: (ask: string) => void

  constructor(onAbandoned: (ask: string) => void) {
    this.#onAbandoned = onAbandoned
  }

  add(ask: string, client: Client): void {
    const holders = this.#holders.get(ask) ?? new Set()
    this.#holders.set(ask, holders.add(client.id))
    if (this.#known.has(client.id)) return
    this.#known.add(client.id)
    client.onClose(() => this.#gone(client.id))
  }

  isHeld(ask: string): boolean {
    return this.#holders.has(ask)
  }

  forget(ask: string): void {
    this.#holders.delete(ask)
  }

  #gone(client: string): void {
    this.#known.delete(client)
    for (const [ask, holders] of this.#holders) {
      if (!holders.delete(client) || holders.size > 0) continue
      this.#holders.delete(ask)
      this.#onAbandoned(ask)
    }
  }
}
