// The door: counts every connection from the moment it is accepted, answers its hello at once, and hands it on when the service
// is open. Invariant: whoever is welcomed is handed to the service; who will not be is refused (K24).
import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { readFirstLine } from '../endpoint/first-line.ts'
import {
  encodeRefused,
  encodeWelcome,
  handshakeLimitBytes,
  type Hello,
  parseHello,
  type RefusalCode,
  type Welcome,
} from '../handshake.ts'
import type { Log } from '../log.ts'
import { commonProtocol } from '../record.ts'
import type { AcceptedClient, Service } from './options.ts'

const helloTimeoutMs = 5000

export interface ReceptionOptions {
  readonly clock: Clock
  readonly log: Log
  /** The welcome of this moment, without the nonce. */
  welcome(): Omit<Welcome, 'nonce'>
  /** Looks whether the claim is still held; asked before each welcome. */
  verify(): Promise<void>
  /** Why nobody may come in at this moment, or null. */
  refusal(): { readonly code: RefusalCode; readonly message: string } | null
  came(client: AcceptedClient): void
  left(client: AcceptedClient): void
}

export class Reception {
  private readonly options: ReceptionOptions
  private readonly sockets = new Set<Socket>()
  private waiting: AcceptedClient[] = []
  private readonly welcomed = new Set<AcceptedClient>()
  private service: Service | null = null
  private made = 0
  private greeting = 0

  constructor(options: ReceptionOptions) {
    this.options = options
  }

  /** Every connection that is open now, welcomed or not. */
  get count(): number {
    return this.sockets.size
  }

  /** Connections that have not said who they are. */
  get unknown(): number {
    return this.greeting
  }

  /** The clients that were welcomed and are still there. */
  get clients(): Iterable<AcceptedClient> {
    return this.welcomed
  }

  /** Takes a new connection. */
  readonly connect = (socket: Socket): void => {
    this.sockets.add(socket)
    socket.once('close', () => this.sockets.delete(socket))
    socket.on('error', (error) => this.options.log.debug('a connection failed', { error: error.message }))
    this.greeting += 1
    this.greet(socket)
      .catch((error: unknown) => {
        this.options.log.error('a client could not be received', { error: String(error) })
        socket.destroy()
      })
      .finally(() => (this.greeting -= 1))
  }

  /** From now on clients go to `service`, those that wait first. */
  open(service: Service): void {
    this.service = service
    const waiting = this.waiting
    this.waiting = []
    for (const client of waiting) service.accept(client)
  }

  /** Ends every connection. */
  closeAll(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  private async greet(socket: Socket): Promise<void> {
    const { clock } = this.options
    const line = await readFirstLine(socket, { limitBytes: handshakeLimitBytes, timeoutMs: helloTimeoutMs, clock })
    if (line.kind === 'closed') return void socket.destroy()
    const hello = line.kind === 'line' ? parseHello(line.text) : null
    if (hello === null) return this.refuse(socket, '', 'invalid', 'the first line was no hello of this protocol')
    const welcome = this.options.welcome()
    if (commonProtocol(hello.protocol, welcome.protocol) === null) {
      const { min, max } = welcome.protocol
      const message = `the daemon ${welcome.version} speaks protocol ${min} to ${max}, the client ${hello.version} ${hello.protocol.min} to ${hello.protocol.max}`
      return this.refuse(socket, hello.nonce, 'incompatible', message)
    }
    await this.options.verify()
    const closed = this.options.refusal()
    if (closed !== null) return this.refuse(socket, hello.nonce, closed.code, closed.message)
    this.admit(socket, hello)
  }

  /** In one turn of the loop with the last look at `refusal`: from here on the client is handed on for certain. */
  private admit(socket: Socket, hello: Hello): void {
    if (socket.destroyed) return
    this.made += 1
    const client: AcceptedClient = { id: `c${this.made}`, hello, socket }
    socket.write(encodeWelcome({ nonce: hello.nonce, ...this.options.welcome() }))
    this.welcomed.add(client)
    this.options.came(client)
    socket.once('close', () => {
      this.welcomed.delete(client)
      this.options.left(client)
    })
    if (this.service === null) this.waiting.push(client)
    else this.service.accept(client)
  }

  private refuse(socket: Socket, nonce: string, code: RefusalCode, message: string): void {
    const { version, protocol } = this.options.welcome()
    this.options.log.info('refused a client', { code, message })
    // Whoever does not read the refusal is not waited for.
    socket.setTimeout(helloTimeoutMs, () => socket.destroy())
    socket.resume()
    socket.end(encodeRefused({ nonce: nonce === '' ? '-' : nonce, code, message, version, protocol }))
  }
}
