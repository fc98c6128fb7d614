// `holdfast mcp call SERVER.TOOL`: one call of one tool. It waits as a proxy does: a daemon that dies meanwhile changes nothing.
import { isWireError, mcpList, type McpServer, readEnvelope } from '@holdfast/protocol'
import type { Context, Run } from '../command.ts'
import { ensureRunning } from '../daemon-link.ts'
import { CliError, Interrupted } from '../errors.ts'
import { type Arguments, fitArguments, readArguments } from '../mcp/arguments.ts'
import { callFailure } from '../mcp/call-failure.ts'
import { McpLink } from '../mcp/link.ts'
import { newDownstreamId } from '../mcp/messages.ts'
import { isToolError, renderResult } from '../mcp/render-result.ts'
import { timedOut } from '../time-limit.ts'
import { plainTarget, type Target, targetAmong, toolNamed } from '../mcp/target.ts'

const ID = '1'
const LIST_ATTEMPTS = 5

interface Answer {
  readonly result?: unknown
  readonly error?: unknown
}

export const run: Run = async (context) => {
  const { words, options, out } = context
  const [text = '', ...rest] = words
  const given = readArguments(rest, options.text('args'))
  const target = plainTarget(text) ?? (await longTarget(context, text))
  const answer = Promise.withResolvers<Answer>()
  const link = new McpLink({
    downstream: newDownstreamId(),
    server: target.server,
    directory: context.directory,
    dial: async () => (await ensureRunning({ ...context, notice: (text) => out.notice(text) })).socket,
    deliver: (message, taken) => {
      taken()
      const envelope = readEnvelope(message)
      if (envelope?.kind === 'response') answer.resolve(JSON.parse(message.toString()) as Answer)
    },
  })
  try {
    const fitted = await fit(context, { link, target, given })
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: target.tool, arguments: fitted } }
    const line = Buffer.from(JSON.stringify(call))
    const envelope = readEnvelope(line)
    if (envelope?.id !== ID) throw new Error('a call that was just made cannot be read')
    link.send(line, envelope)
    const { result, error } = await Promise.race([answer.promise, givenUp(context, target)])
    if (error !== undefined) throw callFailure(target, error)
    out.result(result, () => renderResult(result))
    return isToolError(result) ? 1 : 0
  } finally {
    link.close()
  }
}

interface Wanted {
  readonly link: McpLink
  readonly target: Target
  readonly given: ReturnType<typeof readArguments>
}

/** Nothing runs that the tool's own schema refuses. */
async function fit(context: Context, { link, target, given }: Wanted): Promise<Arguments> {
  const servers = await listed(context, link, target)
  const found = servers.find((each) => each.name === target.server)
  if (found === undefined || found.state !== 'ready') {
    const why = found?.error ?? `MCP server "${target.server}" is ${found?.state ?? 'not known'}`
    const look = `\`holdfast mcp list ${target.server}\` tries again; its command, run by hand, may say more`
    throw new CliError('mcp-failed', why, look)
  }
  const tool = toolNamed(target, found.tools ?? [])
  return fitArguments(`${target.server}.${target.tool}`, tool['inputSchema'], given)
}

/** Asked again of the next daemon when one dies meanwhile; what the opening was refused for, `ready` says. */
async function listed(
  { directory, signal, timeoutMs }: Context,
  link: McpLink,
  { server }: Target,
): Promise<McpServer[]> {
  const limits = timeoutMs === null ? {} : { timeoutMs }
  for (let attempt = 1; ; attempt++) {
    const peer = await link.ready()
    try {
      const request = { project: directory, server, probe: true, ...limits }
      return (await peer.request(mcpList, request, { signal, ...limits })).servers
    } catch (error) {
      if (!isWireError(error) || error.code !== 'connection-lost' || attempt === LIST_ATTEMPTS) throw error
    }
  }
}

async function longTarget({ link, directory, signal }: Context, text: string): Promise<Target> {
  const { servers } = await (await link()).request(mcpList, { project: directory }, { signal, isIdempotent: true })
  return targetAmong(text, servers)
}

function givenUp({ signal }: Context, { server, tool }: Target): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const leave = (): void => {
    const late = timedOut(signal)
    const what = `${server}.${tool} had not answered and was cancelled; it may have run`
    reject(late === null ? new Interrupted('interrupted') : new CliError('timed-out', `${late.message}: ${what}`))
  }
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave, { once: true })
  return promise
}
