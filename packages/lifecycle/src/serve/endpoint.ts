// The socket of one epoch: bound to its private name, published, made public anew when something removed it, withdrawn at the end.
import type { Socket } from 'node:net'
import type { ClaimPorts } from '../claim/ports.ts'
import { isPublished, type Publication, publish, removeLeftovers, unpublish } from '../endpoint/publish.ts'
import type { Place } from '../place.ts'
import type { listenAt, Listener } from './listener.ts'

interface EndpointOptions {
  readonly place: Place
  readonly epoch: number
  readonly ports: ClaimPorts
  readonly listen: typeof listenAt
  onConnection(socket: Socket): void
}

export class Endpoint {
  private readonly options: EndpointOptions
  private readonly own: string
  private listener: Listener | null = null
  private publication: Publication | null = null

  constructor(options: EndpointOptions) {
    this.options = options
    this.own = options.place.privateSocket(options.epoch)
  }

  /** Listens and publishes. Only while the claim is held. */
  async open(): Promise<void> {
    const { place, epoch, ports } = this.options
    await removeLeftovers(place, epoch, ports)
    await this.listen()
    ports.failpoint('publish.bound')
    this.publication = await publish(place, epoch, ports)
  }

  /** Makes the public name ours again if it is not (a cleaner of temporary files took it). True when there was something to do. */
  async heal(): Promise<boolean> {
    const { place, epoch, ports } = this.options
    if (this.publication !== null && (await isPublished(place, this.publication, ports))) return false
    for (const folder of place.owned) await ports.files.ensureFolder(folder)
    if ((await ports.files.inode(this.own)) !== this.publication?.inode || this.publication === null) {
      // Closed first: closing unlinks the private name, whoever made it.
      this.listener?.close()
      await this.listen()
    }
    this.publication = await publish(place, epoch, ports)
    return true
  }

  /** Takes the public name away if it is ours. Only while the claim is held. */
  async withdraw(): Promise<void> {
    const { place, ports } = this.options
    if (this.publication !== null) await unpublish(place, this.publication, ports)
  }

  /** Ends listening. A private name that is no longer ours is left alone: closing would unlink it. */
  async close(): Promise<void> {
    const inode = await this.options.ports.files.inode(this.own)
    if (inode === null || inode === this.publication?.inode || this.publication === null) this.listener?.close()
    else this.listener?.abandon()
    this.listener = null
  }

  private async listen(): Promise<void> {
    await this.options.ports.files.remove(this.own)
    this.listener = await this.options.listen(this.own, (socket) => this.options.onConnection(socket))
  }
}
