// Which server and tool `SERVER.TOOL` means. Both may have dots in their names.
import type { McpServer } from '@holdfast/protocol'
import { CliError } from '../errors.ts'
import { nearest } from '../suggest.ts'

export interface Target {
  readonly server: string
  readonly tool: string
}

/** The target as it is most often meant; null when the configured servers have to be looked at. */
export function plainTarget(text: string): Target | null {
  const [server, tool, ...more] = text.split('.')
  if (server === undefined || server === '' || tool === undefined || tool === '') {
    throw new CliError(
      'bad-value',
      `"${text}" does not name a tool`,
      'Write SERVER.TOOL; `holdfast mcp list` shows both.',
    )
  }
  return more.length === 0 ? { server, tool } : null
}

/** The longest configured name that the target begins with. */
export function targetAmong(text: string, servers: readonly Pick<McpServer, 'name'>[]): Target {
  const names = servers
    .map((each) => each.name)
    .filter((name) => text.startsWith(`${name}.`) && text.length > name.length + 1)
  const server = names.toSorted((a, b) => b.length - a.length)[0] ?? text.slice(0, text.indexOf('.'))
  return { server, tool: text.slice(server.length + 1) }
}

type Tool = NonNullable<McpServer['tools']>[number]

export function toolNamed({ server, tool }: Target, tools: readonly Tool[]): Tool {
  const found = tools.find((each) => each.name === tool)
  if (found !== undefined) return found
  const names = tools.map((each) => each.name)
  const meant = nearest(tool, names)
  const guess = meant === null ? '' : `; did you mean "${meant}"?`
  throw new CliError(
    'no-such-tool',
    `server "${server}" has no tool "${tool}"${guess}`,
    `It has: ${names.join(', ') || 'none'}.`,
  )
}
