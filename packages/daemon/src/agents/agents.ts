// The agents of a project: which there are, whether they can run, and how their process is started.
import { resolve } from 'node:path'
import type { Agent } from '@holdfast/protocol'
import { expandConfigured } from '../config/child-environment.ts'
import type { Config, LoadedConfig } from '../config/config.ts'
import { suggestion } from '../config/did-you-mean.ts'
import { DaemonError } from '../errors.ts'
import { findProgram, installedVersion } from './find-program.ts'
import { guideName } from './known.ts'
import { agentNames, resolveAgent, type Program, type ResolvedAgent } from './resolve.ts'

export interface AgentsOptions {
  loadConfig(project: string): Promise<LoadedConfig>
  /** The daemon's own. */
  readonly variables: Readonly<Record<string, string | undefined>>
  childEnvironment(request: {
    readonly configured: Readonly<Record<string, string>>
    readonly child: string
    readonly path: string
  }): Record<string, string>
  readonly guide: Program
  readonly version: string
}

export interface AgentLaunch {
  readonly kind: 'ready'
  readonly permissions: 'allow' | 'deny'
  readonly spec: {
    readonly command: string
    readonly args: readonly string[]
    readonly cwd: string
    readonly env: Readonly<Record<string, string>>
  }
}

type Runnable = Extract<ResolvedAgent, { kind: 'runs' }>

export class Agents {
  readonly #options: AgentsOptions

  constructor(options: AgentsOptions) {
    this.#options = options
  }

  /** Rejects with `agent-unknown` or `agent-not-ready`. */
  async check(project: string, name: string): Promise<void> {
    const { config } = await this.#options.loadConfig(project)
    const agent = resolveAgent(name, config, this.#options.guide)
    if (agent.kind === 'unknown') throw unknownAgent(name, config)
    const why = agent.kind === 'cannot' ? agent.why : await this.#whyNot(agent, project)
    if (why !== null) throw new DaemonError('agent-not-ready', `agent "${name}" cannot run: ${why}`)
  }

  async list(project: string): Promise<Agent[]> {
    const { config } = await this.#options.loadConfig(project)
    return Promise.all(agentNames(config).map((name) => this.#describe(name, project, config)))
  }

  async launch(request: {
    project: string
    agent: string
    child: string
  }): Promise<AgentLaunch | { readonly kind: 'refused'; readonly reason: string }> {
    const { project, agent: name, child } = request
    const { config } = await this.#options.loadConfig(project)
    const agent = resolveAgent(name, config, this.#options.guide)
    if (agent.kind === 'unknown') return refused(`agent "${name}" is not configured any more`)
    if (agent.kind === 'cannot') return refused(`agent "${name}" cannot run: ${agent.why}`)
    const { variables } = this.#options
    const path = `agents.${name}`
    try {
      const cwd = resolve(project, agent.entry?.cwd ?? '.')
      const env = this.#options.childEnvironment({ configured: agent.entry?.env ?? {}, child, path })
      const command = await findProgram(agent.command, { path: env['PATH'] ?? '', cwd })
      if (command === null) return refused(`agent "${name}" cannot run: ${notFound(agent.command)}`)
      const args =
        agent.entry === null ? agent.args : agent.args.map((arg) => expandConfigured(arg, variables, `${path}.args`))
      return { kind: 'ready', permissions: agent.entry?.permissions ?? 'deny', spec: { command, args, cwd, env } }
    } catch (error) {
      if (error instanceof DaemonError && error.code === 'config-invalid') return refused(error.message)
      throw error
    }
  }

  async #find(agent: Runnable, project: string): Promise<string | null> {
    const path = agent.entry?.env['PATH'] ?? this.#options.variables['PATH'] ?? ''
    return findProgram(agent.command, { path, cwd: resolve(project, agent.entry?.cwd ?? '.') })
  }

  async #whyNot(agent: Runnable, project: string): Promise<string | null> {
    return (await this.#find(agent, project)) === null ? notFound(agent.command) : null
  }

  async #describe(name: string, project: string, config: Config): Promise<Agent> {
    const agent = resolveAgent(name, config, this.#options.guide)
    const source = config.agents[name]?.source ?? 'built in'
    if (agent.kind === 'runs') {
      const program = await this.#find(agent, project)
      const isGuide = agent.command === this.#options.guide.command && name === guideName
      const version = isGuide ? this.#options.version : program === null ? null : await installedVersion(program)
      const why = program === null ? notFound(agent.command) : null
      const command = [agent.command, ...agent.args].join(' ')
      return { name, driver: 'acp', command, source, version, ready: why === null, why }
    }
    if (agent.kind === 'unknown') throw unknownAgent(name, config)
    const program = await findProgram(agent.command, { path: this.#options.variables['PATH'] ?? '', cwd: project })
    const version = program === null ? null : await installedVersion(program)
    return { name, driver: agent.driver, command: agent.command, source, version, ready: false, why: agent.why }
  }
}

function refused(reason: string): { readonly kind: 'refused'; readonly reason: string } {
  return { kind: 'refused', reason }
}

function notFound(command: string): string {
  return command.includes('/') ? `there is no program "${command}"` : `the program "${command}" is not on PATH`
}

function unknownAgent(name: string, config: Config): DaemonError {
  const names = agentNames(config)
  return new DaemonError('agent-unknown', `agent "${name}" is not configured${suggestion(name, names)}`, {
    hint: `Known agents: ${names.join(', ')}. See \`holdfast agents\`.`,
  })
}
