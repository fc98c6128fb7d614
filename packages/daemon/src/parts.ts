// What every feature may use; made once by the composition root.
import type { Clock, Log } from '@holdfast/lifecycle'
import type { LoadedConfig } from './config/config.ts'
import type { Variables } from './config/env.ts'
import type { ConfigLoader } from './config/load-config.ts'
import type { DaemonFailpoint } from './failpoints.ts'
import type { Keeper } from './keeper-link.ts'
import type { Store } from './store/api.ts'

interface ChildEnvironmentRequest {
  /** As configured, with its references. */
  readonly configured: Readonly<Record<string, string>>
  readonly child: string
  /** What is being configured, for messages: `agents.codex`. */
  readonly path: string
}

export interface Parts {
  readonly scope: string
  readonly epoch: number
  readonly instance: string
  readonly version: string
  readonly store: Store
  readonly keeper: Keeper
  readonly config: ConfigLoader
  readonly clock: Clock
  readonly log: Log
  readonly failpoint: DaemonFailpoint
  readonly stateFolder: string
  readonly logsFolder: string
  /** The daemon's own environment. */
  readonly variables: Variables
  /** The canonical project of a directory. Rejects with `project-missing`. */
  resolveProject(directory: string): Promise<string>
  /** `project` is canonical. Never rejects; problems are in the answer. */
  loadConfig(project: string): Promise<LoadedConfig>
  /** The whole environment of a child, with its tag. Throws `config-invalid`. */
  childEnvironment(request: ChildEnvironmentRequest): Record<string, string>
  /** Where the stderr of a child goes. */
  logFile(child: string): string
}
