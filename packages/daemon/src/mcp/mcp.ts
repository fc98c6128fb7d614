// The feature as the daemon sees it: the methods of the contract, and taking over what an earlier daemon left.
import type { HeldChild } from '@holdfast/keeper'
import {
  mcpClose,
  mcpFrameHeads,
  mcpList,
  mcpMessageLine,
  mcpOpen,
  mcpReceived,
  mcpRestart,
  mcpSend,
  readMcpFrame,
} from '@holdfast/protocol'
import type { ChildDescription, Client, Feature } from '../feature.ts'
import { Exchange } from './exchange.ts'
import { listServers, restartServer } from './list.ts'
import type { DownstreamLink, McpPorts } from './ports.ts'
import { OWN, routeOfTag } from './upstream-id.ts'
import { INITIALIZE_TAG, INITIALIZED_TAG } from './own-requests.ts'

export class Mcp implements Feature {
  readonly name = 'mcp'
  readonly #ports: McpPorts
  readonly #exchange: Exchange
  #isDraining = false

  constructor(ports: McpPorts) {
    this.#ports = ports
    this.#exchange = new Exchange(ports)
  }

  attach(client: Client): void {
    const { peer } = client
    const links = new Map<string, DownstreamLink>()
    peer.handle(mcpOpen, async ({ downstream, server, project, pending, initialize, holder }) => {
      const link = {
        send: (message: Buffer, receipt: number) => void peer.sendRaw(mcpMessageLine(downstream, receipt, message)),
      }
      links.set(downstream, link)
      const opened = await this.#exchange.open(
        {
          downstream,
          server,
          directory: project,
          pending: pending.map(bytesOf),
          initialize: initialize === undefined ? null : bytesOf(initialize),
          holder: holder ?? null,
        },
        link,
      )
      return { server, ...opened }
    })
    peer.onRaw(mcpFrameHeads.send, (line) => {
      const frame = readMcpFrame(line, mcpFrameHeads.send)
      if (frame !== null && links.has(frame.downstream)) this.#exchange.send(frame.downstream, frame.message)
      return frame !== null
    })
    peer.onNotice(mcpSend, ({ downstream, message }) => {
      if (links.has(downstream)) this.#exchange.send(downstream, bytesOf(message))
    })
    peer.onNotice(mcpReceived, ({ downstream, receipts }) => this.#exchange.received(downstream, receipts))
    peer.handle(mcpClose, ({ downstream }) => {
      links.delete(downstream)
      this.#exchange.close(downstream)
      return {}
    })
    peer.handle(mcpList, async (params) =>
      listServers(this.#exchange, this.#ports, { ...params, project: await this.#ports.project(params.project) }),
    )
    peer.handle(mcpRestart, async (params) =>
      restartServer(this.#exchange, { ...params, project: await this.#ports.project(params.project) }),
    )
    client.onClose(() => {
      for (const [id, link] of links) this.#exchange.lost(id, link)
    })
  }

  owns(child: HeldChild): boolean {
    return child.label['kind'] === 'mcp'
  }

  async recover(held: readonly HeldChild[]): Promise<void> {
    const holder = this.#ports.keeper.current()?.instance
    if (holder === undefined) return
    const { servers } = this.#exchange
    for (const each of held.filter((child) => this.owns(child))) {
      for (const tag of each.openTags) {
        const route = routeOfTag(tag)
        if (route !== null && route.downstream !== OWN) this.#exchange.expect(route.downstream)
      }
      const child = await servers.adopt(each, holder)
      if (child === null) continue
      for (const tag of each.openTags) {
        if (routeOfTag(tag)?.downstream === OWN && tag !== INITIALIZE_TAG && tag !== INITIALIZED_TAG) child.settle(tag)
      }
      servers.release(child)
    }
    await this.#exchange.prune()
  }

  keeperLost(): Promise<void> {
    this.#exchange.keeperLost()
    return Promise.resolve()
  }

  isNeeded(): boolean {
    return !this.#isDraining && this.#exchange.isBusy
  }

  drain(): Promise<void> {
    this.#isDraining = true
    this.#exchange.stop()
    return Promise.resolve()
  }

  describe(child: HeldChild): ChildDescription | null {
    if (!this.owns(child)) return null
    const users = [...this.#exchange.downstreams.values()].filter((each) => each.child?.id === child.id).length
    const serves = users === 1 ? '1 client' : `${users} clients`
    return { kind: 'mcp', name: child.label['server'] ?? child.id, project: child.label['project'] ?? null, serves }
  }
}

function bytesOf(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message))
}
