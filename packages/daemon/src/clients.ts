// The clients that are connected: each gets a peer, and every handler is registered before its first byte is read.
import type { AcceptedClient, Log } from '@holdfast/lifecycle'
import { leavingNotice, Peer } from '@holdfast/protocol'
import type { Client } from './feature.ts'

export class Clients {
  readonly #log: Log
  readonly #attach: (client: Client) => void
  readonly #peers = new Set<Peer>()

  constructor(log: Log, attach: (client: Client) => void) {
    this.#log = log
    this.#attach = attach
  }

  accept({ id, hello, socket }: AcceptedClient): void {
    const peer = new Peer(socket, {
      // A client that does not read is not read from either.
      pausesWhenFull: true,
      report: (problem) => this.#log.warn('a client sent something wrong', { client: id, problem: problem.toInfo() }),
    })
    this.#peers.add(peer)
    const listeners: (() => void)[] = []
    void peer.closed.then(() => {
      this.#peers.delete(peer)
      for (const listener of listeners) listener()
    })
    this.#attach({ id, role: hello.role, peer, onClose: (listener) => listeners.push(listener) })
  }

  /** Tells everyone to go to the next daemon. */
  tellLeaving(reason: string): void {
    for (const peer of this.#peers) peer.notify(leavingNotice, { reason })
  }

  /** Ends every connection after what was sent is taken. */
  close(): void {
    for (const peer of this.#peers) peer.close()
  }
}
