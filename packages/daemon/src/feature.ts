// What a feature folder (asks with sessions, mcp, ...) gives to main.ts, and what it gets. Features do not know each other:
// they share the store, the keeper and the clients, and main.ts connects them.
import type { HeldChild } from '@holdfast/keeper'
import type { HeldProcess, Peer } from '@holdfast/protocol'

/** A connected client, after the handshake. */
export interface Client {
  readonly id: string
  readonly role: string
  readonly peer: Peer
  onClose(listener: () => void): void
}

/** What `ps` says of a child. */
export type ChildDescription = Pick<HeldProcess, 'kind' | 'name' | 'project' | 'serves'>

export interface Feature {
  readonly name: string
  /** Registers the feature's handlers on the client's peer. */
  attach(client: Client): void
  /** Whether the child is this feature's, by its label. */
  owns(child: HeldChild): boolean
  /** Before any client is served: takes over what the keeper holds and settles what an earlier daemon left. */
  recover(held: readonly HeldChild[]): Promise<void>
  /** The keeper died; its children were ended and reported. The ids are of all that it held, this feature's or not. */
  keeperLost(lost: readonly string[]): Promise<void>
  /** Whether there is work that keeps the daemon from idling out. */
  isNeeded(): boolean
  /** Refuse new work and leave everything so that the next daemon can go on. */
  drain(deadlineMs: number): Promise<void>
  describe(child: HeldChild): ChildDescription | null
  /** Figures for `status`. */
  counts?(): { readonly queued?: number; readonly running?: number; readonly sessions?: number }
}
