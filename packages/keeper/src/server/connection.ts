// One connection of a daemon: reads its frames, does what they say, answers. Until `command` was granted nothing else is done;
// once it is deposed nothing more is read, so a half-sent frame of an old daemon never reaches a child.
import type { Socket } from 'node:net'
import { encodeFrame, FrameSplitter } from '@holdfast/protocol'
import * as v from 'valibot'
import type { HeldChild } from '../children/held-child.ts'
import { KeeperError } from '../errors.ts'
import { daemonNotices, type DaemonNoticeName, Notice, parseJson, Request } from '../wire/control.ts'
import { decodeAck, decodeInput, encodeInputDone, frameType, maxFrameBytes, type Pieces } from '../wire/messages.ts'
import { Outbox } from './outbox.ts'
import { answerRequest, type KeeperState } from './requests.ts'

export class Connection {
  readonly outbox: Outbox
  readonly #socket: Socket
  readonly #state: KeeperState
  #isOpen = true

  constructor(socket: Socket, state: KeeperState) {
    this.#socket = socket
    this.#state = state
    this.outbox = new Outbox({
      write: (pieces) => this.#write(pieces),
      end: (stream, exit) => this.#notify('end', { stream, exit }),
    })
  }

  /** Begins to read. */
  listen(): void {
    const socket = this.#socket
    const splitter = new FrameSplitter(maxFrameBytes, {
      frame: (type, payload) => this.#frame(type, payload),
      oversized: (type, bytes) => this.#fail(`a frame of type ${type} with ${bytes} bytes is over ${maxFrameBytes}`),
    })
    // The end of the connection follows; children are not concerned.
    socket.on('error', (error) => this.#state.log.debug('the connection of a daemon broke', { error }))
    socket.on('close', () => this.#closed())
    socket.on('drain', () => this.outbox.resume())
    socket.on('data', (chunk: Buffer) => {
      this.#state.tidy.passed(chunk.length)
      if (this.#isOpen) splitter.push(chunk)
    })
    // After a handshake it is paused.
    socket.resume()
  }

  get commands(): boolean {
    return this.#isOpen && this.#state.fence.commander === this
  }

  /** A daemon of a higher epoch, or another connection of the same one, commands now. */
  depose(epoch: number): void {
    this.#notify('fenced', { epoch })
    this.close()
  }

  close(): void {
    this.#closed()
    this.#socket.destroySoon()
  }

  #closed(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.outbox.close()
    this.#state.fence.leave(this)
  }

  #frame(type: number, payload: Buffer): void {
    if (!this.#isOpen) return
    switch (type) {
      case frameType.input:
        return this.#input(payload)
      case frameType.ack:
        return this.#ack(payload)
      case frameType.request:
        return this.#request(payload)
      case frameType.notice:
        return this.#notice(payload)
      default:
        // Of a newer daemon: what it needs an answer to it sends as a request.
        this.#state.log.debug('ignored a frame of an unknown type', { type })
    }
  }

  #input(payload: Buffer): void {
    const message = decodeInput(payload)
    if (message === null || !this.commands) return this.#fail('an input frame that cannot be read, or before command')
    const { sequence, tag, bytes } = message
    const child = this.#state.children.find(message.child)
    if (child === undefined) {
      this.#write([encodeInputDone(sequence, 'unknown')])
      return
    }
    child.input(tag, bytes, (outcome) => {
      if (this.#isOpen) this.#write([encodeInputDone(sequence, outcome)])
    })
  }

  #ack(payload: Buffer): void {
    const message = decodeAck(payload)
    if (message === null || !this.commands)
      return this.#fail('an acknowledgement that cannot be read, or before command')
    this.#state.children.find(message.child)?.acknowledge(message.offset)
  }

  #request(payload: Buffer): void {
    const request = v.safeParse(Request, parseJson(payload))
    if (!request.success) return this.#fail('a request that cannot be read')
    const { id, method, params } = request.output
    answerRequest(method, { state: this.#state, connection: this, params }).then(
      (result) => this.#answer({ id, result }),
      (error: unknown) => this.#answer({ id, error: this.#errorInfo(error) }),
    )
  }

  #notice(payload: Buffer): void {
    const notice = v.safeParse(Notice, parseJson(payload))
    if (!notice.success || !this.commands) return this.#fail('a notice that cannot be read, or before command')
    const { method, params } = notice.output
    if (!Object.hasOwn(daemonNotices, method)) return
    try {
      this.#take(method as DaemonNoticeName, params)
    } catch (error) {
      // Nobody waits for the result of a notice; it must not harm the other children.
      this.#state.log.warn('a notice of the daemon failed', { method, error })
    }
  }

  #take(method: DaemonNoticeName, params: unknown): void {
    const child = (id: string): HeldChild | undefined => this.#state.children.find(id)
    switch (method) {
      case 'settle': {
        const settle = v.parse(daemonNotices.settle, params)
        return child(settle.child)?.settle(settle.tags)
      }
      case 'resize': {
        const resize = v.parse(daemonNotices.resize, params)
        return child(resize.child)?.resize(resize.columns, resize.rows)
      }
      case 'closeInput':
        return child(v.parse(daemonNotices.closeInput, params).child)?.closeInput()
    }
  }

  #answer(message: object): void {
    if (!this.#isOpen) return
    this.#write([encodeFrame(frameType.answer, JSON.stringify(message))])
  }

  #notify(method: string, params: object): void {
    if (!this.#isOpen) return
    this.#write([encodeFrame(frameType.notice, JSON.stringify({ method, params }))])
  }

  #write(pieces: Pieces): boolean {
    if (this.#socket.destroyed) return false
    const [head, bytes] = pieces
    this.#state.tidy.passed(head.length + (bytes?.length ?? 0))
    if (bytes === undefined) return this.#socket.write(head)
    this.#socket.cork()
    this.#socket.write(head)
    const hasRoom = this.#socket.write(bytes)
    this.#socket.uncork()
    return hasRoom
  }

  #errorInfo(error: unknown): object {
    if (error instanceof KeeperError) {
      const { code, kind, message, hint, retryable } = error
      return { code, kind, message, hint, retryable }
    }
    this.#state.log.error('a request failed in an unforeseen way', { error })
    const message = error instanceof Error ? error.message : String(error)
    return { code: 'keeper-bug', kind: 'internal', message, retryable: false }
  }

  /** The peer does not speak our protocol: this connection is of no use to it. */
  #fail(reason: string): void {
    this.#state.log.warn('closed a connection', { reason })
    this.close()
  }
}
