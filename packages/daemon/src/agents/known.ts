// Agents that are known by name, so that they need no configuration: where they are looked for, and how they speak ACP.
export interface KnownAgent {
  readonly name: string
  /** Looked for on PATH. */
  readonly command: string
  /** How it is started as an ACP agent: by itself, or through its adapter. */
  readonly acp: { readonly command: string; readonly args: readonly string[] }
}

export const guideName = 'guide'

export const knownAgents: readonly KnownAgent[] = [
  { name: 'claude', command: 'claude', acp: { command: 'claude-agent-acp', args: [] } },
  { name: 'codex', command: 'codex', acp: { command: 'codex-acp', args: [] } },
  { name: 'gemini', command: 'gemini', acp: { command: 'gemini', args: ['--acp'] } },
  { name: 'opencode', command: 'opencode', acp: { command: 'opencode', args: ['acp'] } },
  { name: 'pi', command: 'pi', acp: { command: 'pi-acp', args: [] } },
  { name: 'qwen', command: 'qwen', acp: { command: 'qwen', args: ['--acp'] } },
]
