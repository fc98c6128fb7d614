// What is known of the servers of a project: as configured, and with `probe` as they answer.
import type { McpServer } from '@holdfast/protocol'
import type { Child } from './child.ts'
import { McpError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import type { McpPorts, ServerSpec } from './ports.ts'
import { originOf, ownWish } from './servers.ts'
import type { Tool } from './tools.ts'

const PROBE_TIMEOUT_MS = 30_000

interface Request {
  readonly project: string
  readonly server?: string | undefined
  readonly probe?: boolean | undefined
  readonly timeoutMs?: number | undefined
}

export async function listServers(
  exchange: Exchange,
  ports: McpPorts,
  request: Request,
): Promise<{ servers: McpServer[] }> {
  const { project, server, probe = false, timeoutMs = PROBE_TIMEOUT_MS } = request
  const specs = await ports.servers(project)
  const chosen = server === undefined ? specs : specs.filter((each) => each.name === server)
  // The error says which servers there are.
  if (server !== undefined && chosen.length === 0) await exchange.servers.spec(server, project)
  const servers = await Promise.all(
    chosen.map((spec) =>
      probe && spec.isEnabled
        ? probed(exchange, ports, { spec, project, timeoutMs })
        : Promise.resolve(known(exchange, spec, project)),
    ),
  )
  return { servers }
}

function known(exchange: Exchange, spec: ServerSpec, project: string): McpServer {
  const child = exchange.servers.find(originOf(spec, ownWish(spec.name, project)))
  const idle = spec.isEnabled ? 'configured' : 'disabled'
  return describe(spec, {
    state: child === undefined ? idle : child.initialized === null ? 'starting' : 'ready',
    child,
  })
}

interface Probe {
  readonly spec: ServerSpec
  readonly project: string
  readonly timeoutMs: number
}

async function probed(exchange: Exchange, ports: McpPorts, { spec, project, timeoutMs }: Probe): Promise<McpServer> {
  const { servers } = exchange
  const wish = ownWish(spec.name, project)
  const late = Promise.withResolvers<never>()
  const timer = ports.clock.setTimer(timeoutMs, () =>
    late.reject(new McpError('mcp-timeout', `server "${spec.name}" did not answer within ${timeoutMs} ms`)),
  )
  const ask = async (): Promise<McpServer> => {
    const child = await servers.acquire(wish)
    return describe(spec, { state: 'ready', child, tools: await servers.tools(child, timeoutMs) })
  }
  try {
    return await Promise.race([ask(), late.promise])
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return describe(spec, { state: 'failed', error: message })
  } finally {
    timer.cancel()
    if (spec.sharing === 'isolated') {
      const child = servers.find(originOf(spec, wish))
      if (child !== undefined)
        void servers
          .end(child)
          .catch((error: unknown) =>
            ports.log.warn('a probed server could not be ended', { child: child.id, error: String(error) }),
          )
    }
  }
}

interface Found {
  readonly state: McpServer['state']
  readonly child?: Child | undefined
  readonly tools?: readonly Tool[]
  readonly error?: string
}

function describe(spec: ServerSpec, { state, child, tools, error }: Found): McpServer {
  const { name, source, command, args } = spec
  const version = child?.initialized?.serverInfo?.version ?? null
  return {
    name,
    source,
    command: [command ?? '', ...args].join(' ').trim(),
    state,
    pid: child?.pid ?? null,
    version,
    tools: tools === undefined ? null : [...tools],
    error: error ?? null,
  }
}

/** Ends the server's processes of this project and starts one anew; calls under way get an error. */
export async function restartServer(
  exchange: Exchange,
  { project, server }: { project: string; server: string },
): Promise<{ pid: number | null }> {
  const { servers } = exchange
  const spec = await servers.spec(server, project)
  const wish = ownWish(server, project)
  servers.forgive(server, project)
  const running = [...servers.children.values()].filter(
    (each) => !each.hasEnded && each.origin.server === server && each.origin.project === project,
  )
  await Promise.all(running.map((each) => servers.end(each)))
  if (spec.sharing === 'isolated') return { pid: null }
  return { pid: (await servers.acquire(wish)).pid }
}
