// Connects the MCP servers to the daemon: the configuration, the keeper, and the methods of the contract.
import { join, resolve } from 'node:path'
import type { Clock, Log } from '@holdfast/lifecycle'
import type { ConfigLoader } from './config/load-config.ts'
import { childEnvironment, expandConfigured } from './config/child-environment.ts'
import type { McpServerConfig } from './config/config.ts'
import type { DaemonFailpoint } from './failpoints.ts'
import type { Feature } from './feature.ts'
import type { Keeper } from './keeper-link.ts'
import { Mcp } from './mcp/mcp.ts'
import type { ServerSpec } from './mcp/ports.ts'
import type { Store } from './store/api.ts'

export interface McpFeatureOptions {
  readonly store: Store
  readonly keeper: Keeper
  readonly config: ConfigLoader
  /** The canonical project of a directory. */
  resolveProject(directory: string): Promise<string>
  readonly clock: Clock
  readonly log: Log
  readonly failpoint: DaemonFailpoint
  readonly scope: string
  readonly epoch: number
  readonly instance: string
  readonly version: string
  readonly logsFolder: string
  readonly stateFolder: string
  /** The daemon's own variables. */
  readonly own: Readonly<Record<string, string | undefined>>
}

const START_TIMEOUT_MS = 30_000

export function createMcpFeature(options: McpFeatureOptions): Feature {
  const { store, keeper, clock, log, epoch, instance, version, own, scope, config, stateFolder, failpoint } = options
  return new Mcp({
    store,
    keeper,
    clock,
    log,
    failpoint,
    epoch,
    instance,
    version,
    project: (directory) => options.resolveProject(directory),
    servers: async (project) => {
      const loaded = await config.load(project)
      return Object.entries(loaded.config.mcpServers).map(([name, entry]) => specOf(name, entry, project, own))
    },
    environment: ({ name, env }, childId) =>
      childEnvironment({ configured: env, tag: `${scope}/${childId}`, own, stateFolder, path: `mcpServers.${name}` }),
    logFile: (childId) => join(options.logsFolder, `${childId}.log`),
  })
}

function specOf(name: string, entry: McpServerConfig, project: string, own: McpFeatureOptions['own']): ServerSpec {
  const { source, disabled } = entry
  const common = { name, source, isEnabled: !disabled, startTimeoutMs: START_TIMEOUT_MS }
  if (!('command' in entry)) {
    return { ...common, command: null, args: [], cwd: project, env: {}, sharing: 'shared', problem: null }
  }
  const { command, args, cwd, env, sharing } = entry
  const spec = {
    ...common,
    command,
    cwd: resolve(project, cwd ?? '.'),
    env,
    sharing: sharing === 'isolated' ? ('isolated' as const) : ('shared' as const),
  }
  try {
    return { ...spec, args: args.map((each) => expandConfigured(each, own, `mcpServers.${name}.args`)), problem: null }
  } catch (error) {
    // One entry that cannot be expanded must not hide the others.
    return { ...spec, args, problem: error instanceof Error ? error : new Error(String(error)) }
  }
}
