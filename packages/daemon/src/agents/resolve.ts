// Which agent a name means in a project, and whether this build can run it. Pure.
import type { AgentConfig, Config } from '../config/config.ts'
import { guideName, knownAgents } from './known.ts'

/** `entry` is null for agents that are known by name only. */
export type ResolvedAgent =
  | {
      readonly kind: 'runs'
      readonly command: string
      readonly args: readonly string[]
      readonly entry: AgentConfig | null
    }
  | { readonly kind: 'cannot'; readonly driver: string; readonly command: string; readonly why: string }
  | { readonly kind: 'unknown' }

export interface Program {
  readonly command: string
  readonly args: readonly string[]
}

function configured(name: string, entry: AgentConfig): ResolvedAgent {
  const known = knownAgents.find((each) => each.name === name)
  const command = entry.command ?? known?.acp.command ?? ''
  const driver = entry.driver ?? 'acp'
  const cannot = (why: string): ResolvedAgent => ({ kind: 'cannot', driver, command, why })
  if (entry.disabled) return cannot(`it is disabled in ${entry.source}`)
  if (driver !== 'acp') return cannot(`the driver "${driver}" does not run yet; "acp" does`)
  if (command === '') return cannot(`"agents.${name}" in ${entry.source} has no command`)
  const isOwnCommand = entry.command !== undefined || entry.args.length > 0
  return { kind: 'runs', command, args: isOwnCommand ? entry.args : (known?.acp.args ?? []), entry }
}

export function resolveAgent(name: string, config: Config, guide: Program): ResolvedAgent {
  const entry = Object.hasOwn(config.agents, name) ? config.agents[name] : undefined
  if (name === guideName && entry?.command === undefined) return { kind: 'runs', ...guide, entry: entry ?? null }
  if (entry !== undefined) return configured(name, entry)
  const known = knownAgents.find((each) => each.name === name)
  if (known === undefined) return { kind: 'unknown' }
  const acpEntry = `"${name}": { "driver": "acp" }`
  const why = `not configured; needs ${acpEntry} under "agents" in holdfast.json, and the program "${known.acp.command}"`
  return { kind: 'cannot', driver: 'none', command: known.command, why }
}

/** Every name that means something here, the guide first. */
export function agentNames(config: Config): string[] {
  const known = knownAgents.map((each) => each.name)
  const others = [...new Set([...Object.keys(config.agents), ...known])].filter((name) => name !== guideName)
  return [guideName, ...others.sort()]
}
