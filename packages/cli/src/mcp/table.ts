// The rows of the commands `holdfast mcp …`.
import type { Command } from '../command.ts'

const server = { label: 'SERVER', says: 'a name under "mcpServers" in the configuration' } as const

export const mcpCommands: readonly Command[] = [
  {
    words: ['mcp', 'list'],
    group: 'MCP',
    summary: 'List the MCP servers of the project and their tools.',
    about:
      'Starts each server that does not run yet and asks it for its tools, all at once. One that does not answer ' +
      'within 10 seconds, or shortly before --timeout is over, is shown as failed.',
    arguments: [{ ...server, optional: true }],
    flags: [{ name: 'no-probe', says: 'only what is known: start no server' }],
    examples: [
      { line: 'holdfast mcp list', says: 'all servers' },
      { line: 'holdfast mcp list files', says: 'the tools of one' },
    ],
    load: () => import('../commands/mcp-list.ts'),
  },
  {
    words: ['mcp', 'call'],
    group: 'MCP',
    summary: 'Call a tool of an MCP server and print what it answers.',
    about:
      'The arguments are checked against the tool before it runs. The exit code is 1 when the tool says that it failed. ' +
      'Ctrl-C cancels the call.',
    arguments: [
      { label: 'SERVER.TOOL', says: 'the tool; `mcp list` shows them' },
      { label: 'KEY=VALUE', says: 'an argument: key=text, or key:=json', optional: true, rest: true },
    ],
    flags: [{ name: 'args', value: { label: 'JSON', kind: 'text' }, says: 'all arguments as one JSON object' }],
    examples: [
      { line: 'holdfast mcp call files.read_file path=README.md', says: 'text arguments' },
      { line: 'holdfast mcp call db.query --args \'{"sql":"select 1"}\' --json', says: 'the whole result, as JSON' },
    ],
    load: () => import('../commands/mcp-call.ts'),
  },
  {
    words: ['mcp', 'proxy'],
    group: 'MCP',
    summary: 'Serve an MCP server over stdin and stdout, for a host (an editor or an agent).',
    about:
      'Put `holdfast mcp proxy SERVER` where the host wants the command of a server. The server is shared with other hosts, ' +
      'outlives this one, and a daemon that is restarted meanwhile loses no call.',
    arguments: [server],
    flags: [],
    examples: [{ line: 'holdfast mcp proxy files', says: 'as the command of a server in a host' }],
    load: () => import('../commands/mcp-proxy.ts'),
  },
  {
    words: ['mcp', 'restart'],
    group: 'MCP',
    summary: 'End the process of an MCP server and start it anew.',
    about: 'Calls that are under way get an error that says that they may have run.',
    arguments: [server],
    flags: [],
    examples: [{ line: 'holdfast mcp restart files', says: 'after its program was updated' }],
    load: () => import('../commands/mcp-restart.ts'),
  },
]
