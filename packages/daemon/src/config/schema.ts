// The shape of a configuration file: one definition from which the types, the checks and the published JSON Schema come.
import { Name } from '@holdfast/protocol'
import * as v from 'valibot'

const Text = v.pipe(v.string(), v.nonEmpty('must not be empty'))
const Environment = v.pipe(
  v.record(
    v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable')),
    v.string(),
  ),
  v.description('Environment variables; ${NAME} and ${NAME:-default} stand for those of the daemon.'),
)

/** What every process has. */
const processFields = {
  command: v.pipe(Text, v.description('The program, found on PATH when it is only a name.')),
  args: v.optional(v.pipe(v.array(v.string()), v.description('Its arguments; ${NAME} is replaced as in env.')), []),
  env: v.optional(Environment, {}),
  cwd: v.optional(
    v.pipe(Text, v.description('Where it runs: absolute, or relative to the project. The project if absent.')),
  ),
  description: v.optional(v.pipe(v.string(), v.description('For people.'))),
  disabled: v.optional(v.pipe(v.boolean(), v.description('Keep the entry, but do not use it.')), false),
}

export const AgentEntry = v.strictObject({
  ...processFields,
  command: v.optional(processFields.command),
  driver: v.optional(
    v.pipe(
      v.picklist(['acp', 'tui', 'exec']),
      v.description('How the agent is run; `acp`: over its stdin and stdout. The others do not run yet.'),
    ),
  ),
  permissions: v.optional(
    v.pipe(
      v.picklist(['allow', 'deny']),
      v.description('What the agent is told when it asks for permission and nobody is there to answer.'),
    ),
    'deny',
  ),
})
export type AgentEntry = v.InferOutput<typeof AgentEntry>

const lifecycle = v.optional(
  v.pipe(
    v.picklist(['keep-alive', 'on-demand']),
    v.description(
      '`keep-alive`: stays after first use; `on-demand` is to end it some time after its last client, and does not yet.',
    ),
  ),
  'keep-alive',
)

export const StdioServerEntry = v.strictObject({
  ...processFields,
  type: v.optional(v.picklist(['stdio'])),
  lifecycle,
  sharing: v.optional(
    v.pipe(
      v.picklist(['auto', 'shared', 'isolated']),
      v.description('Whether hosts share one process; `auto`: only when the server keeps no state.'),
    ),
    'auto',
  ),
})

export const HttpServerEntry = v.strictObject({
  url: v.pipe(v.string(), v.regex(/^https?:\/\//, 'must begin with http:// or https://')),
  type: v.optional(v.picklist(['http', 'sse', 'streamable-http'])),
  headers: v.optional(v.record(v.string(), v.string()), {}),
  description: processFields.description,
  disabled: processFields.disabled,
  lifecycle,
})
export type StdioServerEntry = v.InferOutput<typeof StdioServerEntry>
export type HttpServerEntry = v.InferOutput<typeof HttpServerEntry>

export const ServiceEntry = v.strictObject({
  ...processFields,
  restart: v.optional(
    v.pipe(
      v.picklist(['permanent', 'transient', 'temporary']),
      v.description('`permanent`: always; `transient`: after a failure; `temporary`: never.'),
    ),
    'transient',
  ),
  ready: v.optional(
    v.strictObject({
      port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))),
      log: v.optional(v.pipe(Text, v.description('A text that its output contains once it is ready.'))),
    }),
  ),
})
export type ServiceEntry = v.InferOutput<typeof ServiceEntry>

const importNames = [
  'claude',
  'claude-desktop',
  'cursor',
  'vscode',
  'codex',
  'gemini',
  'opencode',
  'windsurf',
  'zed',
  'mcporter',
] as const

/** The sections whose entries have names; each entry is checked by itself, so that one mistake costs one entry. */
export const sections = {
  agents: { entry: AgentEntry, description: 'AI agents by name; built-in names need no command.' },
  mcpServers: {
    entry: v.union([StdioServerEntry, HttpServerEntry]),
    description: 'MCP servers by name. Those with a `url` do not run yet.',
  },
  services: {
    entry: ServiceEntry,
    description: 'Processes to start and keep running. Not built yet: checked, and not started.',
  },
} as const
export type SectionName = keyof typeof sections

export const ImportList = v.pipe(
  v.array(v.picklist(importNames)),
  v.description('Other programs whose MCP servers are to be used as well. Not built yet: checked, and not read.'),
)

/** A whole file. */
export const ConfigFile = v.strictObject({
  $schema: v.optional(v.string()),
  agents: v.optional(v.pipe(v.record(Name, AgentEntry), v.description(sections.agents.description))),
  mcpServers: v.optional(
    v.pipe(v.record(Name, sections.mcpServers.entry), v.description(sections.mcpServers.description)),
  ),
  services: v.optional(v.pipe(v.record(Name, ServiceEntry), v.description(sections.services.description))),
  imports: v.optional(ImportList),
})
