// The daemon's side of the connection to its keeper. All calls fail together when the connection is gone; what the keeper had
// taken by then is in its list.
import type { Socket } from 'node:net'
import type { Log } from '@holdfast/lifecycle'
import { encodeFrame, FrameSplitter } from '@holdfast/protocol'
import * as v from 'valibot'
import type { ChildExit, ChildSpec, HeldChild, InputResult, KeeperClient, OutputSink } from '../api.ts'
import { KeeperError } from '../errors.ts'
import type {
  DaemonNoticeName,
  DaemonNoticeParams,
  RequestName,
  RequestParams,
  RequestResult,
} from '../wire/control.ts'
import { keeperNotices, Notice, parseJson } from '../wire/control.ts'
import {
  decodeInputDone,
  decodeOutput,
  encodeAck,
  encodeInput,
  frameType,
  maxFrameBytes,
  maxInputBytes,
  maxTagBytes,
  type Pieces,
} from '../wire/messages.ts'
import { InputWindow } from './input-window.ts'
import { inputResult } from './input-result.ts'
import { PendingRequests } from './pending-requests.ts'

/** Input that may be under way to one child without an answer. */
const windowBytes = 1024 * 1024

interface PendingInput {
  readonly child: string
  readonly bytes: number
  readonly resolve: (result: InputResult) => void
  readonly reject: (error: KeeperError) => void
}

interface Attached {
  readonly child: string
  readonly sink: OutputSink
  nextOffset: number
}

function noticeFrame<N extends DaemonNoticeName>(method: N, params: DaemonNoticeParams<N>): Buffer {
  return encodeFrame(frameType.notice, JSON.stringify({ method, params }))
}

export class KeeperConnection implements KeeperClient {
  readonly closed: Promise<void>
  pid = 0
  instance = ''
  version = ''
  readonly #socket: Socket
  readonly #log: Log
  readonly #requests = new PendingRequests((frame) => this.#write([frame]))
  readonly #inputs = new Map<number, PendingInput>()
  readonly #windows = new Map<string, InputWindow>()
  readonly #streams = new Map<number, Attached>()
  #held: Buffer[] = []
  #sequence = 0
  #stream = 0
  #loss: KeeperError | null = null

  private constructor(socket: Socket, log: Log) {
    this.#socket = socket
    this.#log = log
    const splitter = new FrameSplitter(maxFrameBytes, {
      frame: (type, payload) => this.#frame(type, payload),
      oversized: () => this.#lose(new KeeperError('bad-message', 'the keeper sent a frame that is too large')),
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#lose(new KeeperError('keeper-gone', 'the connection to the keeper is gone'))
        resolve()
      })
    })
    socket.on('data', (chunk: Buffer) => {
      if (this.#loss === null) splitter.push(chunk)
    })
    // After a handshake it is paused.
    socket.resume()
    socket.on('error', (cause) =>
      this.#lose(new KeeperError('keeper-gone', `the keeper is gone: ${cause.message}`, { cause })),
    )
  }

  /** Takes command over a connected keeper. Rejects with `fenced` when a newer daemon has it. */
  static async open(socket: Socket, epoch: number, log: Log): Promise<KeeperClient> {
    const connection = new KeeperConnection(socket, log)
    try {
      const self = await connection.#request('command', { epoch })
      Object.assign(connection, self)
      return connection
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  spawn(spec: ChildSpec): Promise<HeldChild> {
    const { args, env, label } = spec
    return this.#request('spawn', { ...spec, args: [...args], env: { ...env }, label: { ...label } })
  }

  list(): Promise<HeldChild[]> {
    return this.#request('list', {})
  }

  input(child: string, tag: string | null, bytes: Uint8Array): Promise<InputResult> {
    if (this.#loss !== null) return Promise.reject(this.#loss)
    if (bytes.length > maxInputBytes) {
      const message = `an input frame of ${bytes.length} bytes is over the limit of ${maxInputBytes}`
      return Promise.reject(new KeeperError('frame-too-large', message))
    }
    if (tag !== null && Buffer.byteLength(tag) > maxTagBytes) {
      const message = `the tag of an input frame has ${Buffer.byteLength(tag)} bytes; at most ${maxTagBytes} are allowed`
      return Promise.reject(new KeeperError('frame-too-large', message))
    }
    return new Promise((resolve, reject) => {
      this.#window(child).enter(bytes.length, () => {
        if (this.#loss !== null) return reject(this.#loss)
        this.#sequence = (this.#sequence + 1) >>> 0
        this.#inputs.set(this.#sequence, { child, bytes: bytes.length, resolve, reject })
        this.#write(encodeInput({ sequence: this.#sequence, child, tag, bytes }))
      })
    })
  }

  settle(child: string, tags: readonly string[]): void {
    this.#later(noticeFrame('settle', { child, tags: [...tags] }))
  }

  async attach(child: string, fromOffset: number, sink: OutputSink): Promise<void> {
    for (const [stream, attached] of this.#streams) if (attached.child === child) this.#streams.delete(stream)
    this.#stream += 1
    const stream = this.#stream
    this.#streams.set(stream, { child, sink, nextOffset: fromOffset })
    try {
      await this.#request('attach', { child, fromOffset, stream })
    } catch (error) {
      this.#streams.delete(stream)
      throw error
    }
  }

  ack(child: string, offset: number): void {
    this.#later(encodeAck(child, offset))
  }

  resize(child: string, columns: number, rows: number): void {
    this.#notify('resize', { child, columns, rows })
  }

  closeInput(child: string): void {
    const window = this.#window(child)
    // Behind the input that was given before.
    window.enter(0, () => {
      this.#notify('closeInput', { child })
      queueMicrotask(() => this.#answered(child, 0))
    })
  }

  terminate(child: string, graceMs: number): Promise<ChildExit> {
    return this.#request('terminate', { child, graceMs })
  }

  async forget(child: string): Promise<void> {
    await this.#request('forget', { child })
  }

  shutdown(graceMs: number): ReturnType<KeeperClient['shutdown']> {
    return this.#request('shutdown', { graceMs })
  }

  close(): void {
    this.#flush()
    this.#socket.destroySoon()
  }

  #request<N extends RequestName>(name: N, params: RequestParams<N>): Promise<RequestResult<N>> {
    return this.#loss === null ? this.#requests.send(name, params) : Promise.reject(this.#loss)
  }

  #notify<N extends DaemonNoticeName>(method: N, params: DaemonNoticeParams<N>): void {
    this.#write([noticeFrame(method, params)])
  }

  /** For what nobody waits for: it goes with the next frame, or at the end of this turn, so that it costs no write of its own. */
  #later(frame: Buffer): void {
    if (this.#loss !== null) return
    if (this.#held.push(frame) === 1) setImmediate(() => this.#flush())
  }

  #flush(): void {
    const held = this.#held
    if (held.length === 0) return
    this.#held = []
    this.#write([Buffer.concat(held)])
  }

  #write(pieces: Pieces): void {
    if (this.#loss !== null || this.#socket.destroyed) return
    const held = this.#held
    const [only] = pieces
    if (held.length === 0 && pieces.length === 1) {
      this.#socket.write(only)
      return
    }
    this.#held = []
    this.#socket.cork()
    for (const piece of [...held, ...pieces]) this.#socket.write(piece)
    this.#socket.uncork()
  }

  #window(child: string): InputWindow {
    const known = this.#windows.get(child)
    if (known !== undefined) return known
    const window = new InputWindow(windowBytes)
    this.#windows.set(child, window)
    return window
  }

  #answered(child: string, bytes: number): void {
    const window = this.#windows.get(child)
    window?.answered(bytes)
    if (window?.isIdle === true) this.#windows.delete(child)
  }

  #frame(type: number, payload: Buffer): void {
    if (type === frameType.output) return this.#output(payload)
    if (type === frameType.inputDone) return this.#inputDone(payload)
    if (type === frameType.answer) return this.#requests.answer(payload)
    if (type === frameType.notice) return this.#notice(payload)
    // Of a newer keeper, which knows that an older daemon may not understand it.
    this.#log.debug('ignored a frame of an unknown type from the keeper', { type })
  }

  #output(payload: Buffer): void {
    const message = decodeOutput(payload)
    if (message === null)
      return this.#lose(new KeeperError('bad-message', 'the keeper sent output that cannot be read'))
    const attached = this.#streams.get(message.stream)
    // Of an attachment that was replaced while this was under way.
    if (attached === undefined) return
    if (message.offset !== attached.nextOffset) {
      const { child, nextOffset } = attached
      const text = `output of child ${child} came from offset ${message.offset} instead of ${nextOffset}`
      return this.#lose(new KeeperError('bad-message', text))
    }
    attached.nextOffset += message.bytes.length
    this.#guard(() => attached.sink.data(message.offset, message.bytes))
  }

  #inputDone(payload: Buffer): void {
    const done = decodeInputDone(payload)
    if (done === null)
      return this.#lose(new KeeperError('bad-message', 'the keeper sent an outcome that cannot be read'))
    const input = this.#inputs.get(done.sequence)
    if (input === undefined) return
    this.#inputs.delete(done.sequence)
    const result = inputResult(done.outcome, input.child)
    if (typeof result === 'string') input.resolve(result)
    else input.reject(result)
    this.#answered(input.child, input.bytes)
  }

  #notice(payload: Buffer): void {
    const notice = v.safeParse(Notice, parseJson(payload))
    if (!notice.success)
      return this.#lose(new KeeperError('bad-message', 'the keeper sent a notice that cannot be read'))
    const { method, params } = notice.output
    const end = method === 'end' ? v.safeParse(keeperNotices.end, params) : null
    const fenced = method === 'fenced' ? v.safeParse(keeperNotices.fenced, params) : null
    if (end?.success === true) this.#end(end.output)
    else if (fenced?.success === true) this.#fenced(fenced.output.epoch)
    else if (end !== null || fenced !== null) {
      this.#lose(new KeeperError('bad-message', `the keeper sent a notice "${method}" that cannot be read`))
    }
  }

  #end({ stream, exit }: { readonly stream: number; readonly exit: ChildExit | null }): void {
    const attached = this.#streams.get(stream)
    if (attached === undefined) return
    if (exit !== null) this.#streams.delete(stream)
    this.#guard(() => attached.sink.end(exit))
  }

  #fenced(epoch: number): void {
    this.#lose(new KeeperError('fenced', `the daemon of epoch ${epoch} commands the keeper now`))
  }

  /** A sink is the daemon's own code; its failure must not look like one of the keeper. */
  #guard(deliver: () => void): void {
    try {
      deliver()
    } catch (error) {
      this.#log.error('a sink failed with the output of a child', { error })
    }
  }

  #lose(loss: KeeperError): void {
    if (this.#loss !== null) return
    this.#loss = loss
    this.#socket.destroy()
    this.#streams.clear()
    const windows = [...this.#windows.values()]
    this.#windows.clear()
    for (const window of windows) window.release()
    this.#requests.loseAll(loss)
    const inputs = [...this.#inputs.values()]
    this.#inputs.clear()
    for (const { reject } of inputs) reject(loss)
  }
}
