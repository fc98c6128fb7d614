// The row of `holdfast mcp docs`.
import type { Command } from '../command.ts'

export const docsServerCommands: readonly Command[] = [
  {
    words: ['mcp', 'docs'],
    group: 'MCP',
    summary: "Run a small MCP server over stdin and stdout: Holdfast's own docs, to search and read.",
    about: 'Something real to try a client or a config with. It needs no network and changes nothing.',
    arguments: [],
    flags: [],
    examples: [{ line: 'holdfast mcp docs', says: 'speaks MCP; for a client, not for a person' }],
    load: () => import('./command.ts'),
  },
]
