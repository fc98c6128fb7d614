// `holdfast mcp proxy SERVER`: a stdio MCP server for a host.
import type { Run } from '../command.ts'
import { ensureRunning } from '../daemon-link.ts'
import { newDownstreamId } from '../mcp/messages.ts'
import { runProxy } from '../mcp/proxy.ts'

const graceMs = 10_000

export const run: Run = async ({ words, scope, directory, env, stdin, signal }) => {
  await runProxy({
    downstream: newDownstreamId(),
    server: words[0] ?? '',
    directory,
    // Hosts show what is written to stderr as errors.
    dial: async () => (await ensureRunning({ scope, directory, env, timeoutMs: null, notice: () => undefined })).socket,
    stdin: stdin(),
    stdout: process.stdout,
    signal,
    graceMs,
  })
}
