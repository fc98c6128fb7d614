// A Holdfast with an agent and an MCP server that write down each prompt and each call that reaches them.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Holdfast, root } from './holdfast.ts'

interface SeenPrompt {
  readonly pid: number
  readonly text: string
}

export interface Counters {
  readonly holdfast: Holdfast
  /** In the order in which the agent `counter` saw them. */
  readonly prompts: () => SeenPrompt[]
  /** `<tool> <key>`, in the order in which the server `counter` ran them. */
  readonly calls: () => string[]
}

export interface CountersOptions {
  /** How long an answer takes. */
  readonly takeMs?: number
}

function linesOf(file: string): string[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []
}

export function counters({ takeMs = 250 }: CountersOptions = {}): Counters {
  const holdfast = new Holdfast()
  const seen = join(holdfast.home, 'seen')
  const counted = join(holdfast.home, 'counted')
  const program = (name: string) => ({ command: process.execPath, args: [join(root, 'tests/fixtures', name)] })
  const env = { SEEN_FILE: seen, TAKE_MS: String(takeMs) }
  holdfast.writeConfig({
    agents: { counter: { driver: 'acp', ...program('acp-counts-prompts.ts'), env } },
    mcpServers: { counter: { ...program('mcp-counter.ts'), env: { COUNT_FILE: counted } } },
  })
  return {
    holdfast,
    prompts: () => linesOf(seen).map((line) => JSON.parse(line) as SeenPrompt),
    calls: () => linesOf(counted),
  }
}
