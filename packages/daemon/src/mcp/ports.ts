// What the feature needs from the rest of the daemon; main.ts connects it.
import type { Clock, Log } from '@holdfast/lifecycle'
import type { DaemonFailpoint } from '../failpoints.ts'
import type { Keeper } from '../keeper-link.ts'
import type { Store } from '../store/api.ts'

/** A server as the configuration of a project has it, everything resolved. */
export interface ServerSpec {
  readonly name: string
  /** The file that it comes from. */
  readonly source: string
  /** Null when the server is not started by a command. */
  readonly command: string | null
  readonly args: readonly string[]
  readonly cwd: string
  /** As configured, expanded. */
  readonly env: Readonly<Record<string, string>>
  readonly isEnabled: boolean
  /** `isolated`: a child for each downstream. */
  readonly sharing: 'shared' | 'isolated'
  readonly startTimeoutMs: number
  /** Why it cannot be started as it is configured. */
  readonly problem: Error | null
}

export interface McpPorts {
  readonly keeper: Keeper
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly failpoint: DaemonFailpoint
  readonly epoch: number
  /** Of this daemon; unlike the epoch it is no other home's. */
  readonly instance: string
  readonly version: string
  /** The canonical project of a directory. */
  project(directory: string): Promise<string>
  /** The servers of a project. Rejects when the configuration cannot be read. */
  servers(project: string): Promise<readonly ServerSpec[]>
  /** The whole environment of a child: what is configured over the plain one, and its tag. */
  environment(spec: ServerSpec, childId: string): Readonly<Record<string, string>>
  /** Where the stderr of a child goes. */
  logFile(childId: string): string
}

/** The connection of a downstream. */
export interface DownstreamLink {
  /** `message` is one JSON-RPC message, as bytes. */
  send(message: Buffer, receipt: number): void
}
