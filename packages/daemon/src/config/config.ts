// What the rest of the daemon sees of the configuration: all layers merged, each entry with the file it comes from.
import type { ConfigProblem } from '@holdfast/protocol'
import type { FileEntries } from './check-file.ts'
import type { AgentEntry, HttpServerEntry, ServiceEntry, StdioServerEntry } from './schema.ts'

/** An entry and the file it comes from. */
type Sourced<T> = T & { readonly source: string }

export type AgentConfig = Sourced<AgentEntry>
export type McpServerConfig = Sourced<StdioServerEntry> | Sourced<HttpServerEntry>
type ServiceConfig = Sourced<ServiceEntry>

export interface Config {
  readonly agents: Readonly<Record<string, AgentConfig>>
  readonly mcpServers: Readonly<Record<string, McpServerConfig>>
  readonly services: Readonly<Record<string, ServiceConfig>>
  readonly imports: readonly string[]
}

export interface LoadedConfig {
  readonly config: Config
  readonly files: readonly { readonly path: string; readonly exists: boolean }[]
  readonly problems: readonly ConfigProblem[]
}

/** Later layers win, entry by entry; an entry is never mixed from two files. */
export function mergeLayers(layers: readonly { readonly file: string; readonly entries: FileEntries }[]): Config {
  const agents: Record<string, AgentConfig> = {}
  const mcpServers: Record<string, McpServerConfig> = {}
  const services: Record<string, ServiceConfig> = {}
  const imports = new Set<string>()
  for (const { file, entries } of layers) {
    for (const [name, entry] of Object.entries(entries.agents)) agents[name] = { ...entry, source: file }
    for (const [name, entry] of Object.entries(entries.mcpServers)) mcpServers[name] = { ...entry, source: file }
    for (const [name, entry] of Object.entries(entries.services)) services[name] = { ...entry, source: file }
    for (const name of entries.imports) imports.add(name)
  }
  return { agents, mcpServers, services, imports: [...imports] }
}
