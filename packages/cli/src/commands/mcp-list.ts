// `holdfast mcp list [SERVER]`: the servers of the project, each asked for its tools, all at once.
import { mcpList, type McpServer } from '@holdfast/protocol'
import type { Run } from '../command.ts'
import { noticeProblems } from '../config-notice.ts'
import type { Paint } from '../output.ts'
import { table } from '../render/table.ts'

const probeMs = 10_000
/** What the daemon needs beyond the servers' own time. */
const slackMs = 5_000

export const run: Run = async (context) => {
  const { words, directory, options, out, link, signal, timeoutMs } = context
  const [server] = words
  // Servers that do not answer are shown as such, so their time ends before that of the command.
  const limitMs = timeoutMs === null ? probeMs : Math.max(timeoutMs * 0.6, timeoutMs - 1000)
  const daemon = await link()
  await noticeProblems(daemon, context)
  const question = { project: directory, ...(server === undefined ? {} : { server }) }
  const probe = !options.has('no-probe')
  if (probe)
    out.notice(server === undefined ? 'asking each server for its tools ...' : `asking "${server}" for its tools ...`)
  const request = probe ? { ...question, probe, timeoutMs: limitMs } : question
  const { servers } = await daemon.request(mcpList, request, {
    signal,
    isIdempotent: true,
    timeoutMs: limitMs + slackMs,
  })
  out.result({ servers }, () =>
    server === undefined ? renderServers(servers, out.paint) : servers.map(renderServer).join('\n'),
  )
  return probe && server !== undefined && servers.some((each) => each.state === 'failed') ? 1 : 0
}

export function renderServers(servers: readonly McpServer[], paint: Paint): string {
  if (servers.length === 0) return 'No MCP server is configured here. Add one under "mcpServers" in holdfast.json.'
  const rows = servers.map((each) => [
    each.name,
    each.state,
    each.tools === null ? '-' : String(each.tools.length),
    each.pid === null ? '-' : String(each.pid),
    each.error?.split('\n')[0] ?? each.command,
  ])
  const [heading = '', ...lines] = table(['SERVER', 'STATE', 'TOOLS', 'PID', 'COMMAND, OR WHY NOT'], rows).split('\n')
  return [
    heading,
    ...lines.map((line, index) => (servers[index]?.state === 'failed' ? paint('red', line) : line)),
  ].join('\n')
}

function renderServer(server: McpServer): string {
  const head = [server.name, server.state, server.version ?? '', server.command]
    .filter((part) => part !== '')
    .join('  ')
  const tools = (server.tools ?? []).map((tool) => `  ${tool.name}  ${firstLine(tool['description'])}`.trimEnd())
  return [head, ...(server.error === null ? [] : [`  ${server.error}`]), ...tools].join('\n')
}

function firstLine(text: unknown): string {
  return typeof text === 'string' ? (text.split('\n')[0] ?? '') : ''
}
