// A tool call through proxy, daemon and keeper, against the same server on pipes of our own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { counterConfig, withHoldfast } from '../home.ts'
import { inTurns } from '../measure.ts'
import { asDifference, type Figure, type Row } from '../row.ts'

/** A host that speaks MCP over the standard streams of a process. */
class Host {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (message: unknown) => void>()
  readonly #ended: Promise<never>
  #lastId = 0

  constructor(child: ChildProcess) {
    this.#child = child
    if (child.stdout === null) throw new Error('the server has no output')
    this.#ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the MCP server ended with ${String(code)}`)
    })
    this.#ended.catch(() => undefined)
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = JSON.parse(line) as { id?: number }
      if (message.id !== undefined) this.#waiting.get(message.id)?.(message)
    })
  }

  request(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId
    const answer = new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    })
    return Promise.race([answer, this.#ended])
  }

  async open(): Promise<this> {
    const clientInfo = { name: 'bench', version: '1' }
    await this.request('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo })
    this.#child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`)
    return this
  }

  call(): Promise<unknown> {
    return this.request('tools/call', { name: 'echo', arguments: { text: 'hello' } })
  }
}

function measure(): Promise<Figure> {
  return withHoldfast(async (holdfast) => {
    holdfast.writeConfig(counterConfig)
    const proxied = holdfast.start(['mcp', 'proxy', 'counter'], { timeoutMs: 600_000 })
    const { command, args } = counterConfig.mcpServers.counter
    const plain = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] })
    try {
      const hosts = await Promise.all([new Host(proxied.child).open(), new Host(plain).open()])
      const [held, direct] = hosts
      const compared = await inTurns(
        () => held.call(),
        () => direct.call(),
        { turns: 10, batch: 200, warmUp: 3 },
      )
      return asDifference(compared, 0.5)
    } finally {
      proxied.child.stdin?.end()
      plain.stdin.end()
      await proxied.done
    }
  })
}

export const mcpRows: readonly Row[] = [{ name: 'an MCP call through the proxy, above direct stdio', measure }]
