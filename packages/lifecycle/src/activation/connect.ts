// One try to reach the daemon of a place. The answer is total, and nothing is started, changed or signalled here. Health is a
// welcome that carries the nonce of this very connection (K10); what belongs to another user is neither used nor touched (K15).
// This is the warm path of each client: it loads node:net and node:fs and nothing else.
import { lstatSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { type Clock, systemClock } from '../clock.ts'
import { errnoOf, fileError, LifecycleError } from '../errors.ts'
import { inspectFolder } from '../folders.ts'
import { encodeHello, handshakeLimitBytes, type Hello, parseAnswer, type Refused, type Welcome } from '../handshake.ts'
import { thisSystem } from '../os/this-system.ts'
import type { Place } from '../place.ts'
import { commonProtocol } from '../record.ts'
import { classifyErrno } from './classify.ts'

/** What a client says; the nonce is added for each connection. */
export type Greeting = Omit<Hello, 'nonce'>

/** What one try found. Only `connected` and `quarantined` carry an open socket. */
export type ConnectResult =
  | { readonly kind: 'connected'; readonly socket: Socket; readonly welcome: Welcome }
  /** It crashed too often and serves its status only. */
  | { readonly kind: 'quarantined'; readonly socket: Socket; readonly welcome: Welcome }
  /** There is no such socket. */
  | { readonly kind: 'absent' }
  /** There is a name, but nobody behind it; or it went away before it answered. */
  | { readonly kind: 'refused' }
  /** Somebody took the connection, or has it waiting, and said nothing in time. */
  | { readonly kind: 'silent'; readonly waitedMs: number }
  /** It is about to leave. */
  | { readonly kind: 'draining'; readonly message: string }
  | { readonly kind: 'incompatible'; readonly error: LifecycleError }
  /** The socket or its folder is not ours, or whoever listens does not speak our protocol. */
  | { readonly kind: 'foreign'; readonly error: LifecycleError }
  /** Access is denied, or the path cannot be used: a start cannot help. */
  | { readonly kind: 'forbidden'; readonly error: LifecycleError }

/** How long to try, in milliseconds, and under which clock. */
export interface ConnectOptions {
  /** For the whole handshake. */
  readonly timeoutMs: number
  readonly clock?: Clock
  /** Connects to this socket of the place instead of the public one. */
  readonly socket?: string
}

let made = 0

/** Fresh for each connection of this machine; not a secret. */
function freshNonce(): string {
  made += 1
  return `${process.pid}.${made}.${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`
}

/**
 * Connects to the daemon of `place` and greets it. Resolves no later than `timeoutMs`; never rejects for what another process does.
 * Bytes that came after the welcome are still in the returned socket; it begins to flow with the first `data` listener, and its
 * errors are handled: its end shows as `close`.
 */
export async function connectDaemon(
  place: Place,
  greeting: Greeting,
  { timeoutMs, clock = systemClock, socket: path = place.publicSocket }: ConnectOptions,
): Promise<ConnectResult> {
  const unsafe = inspectSocket(place, path)
  if (unsafe !== null) return unsafe
  const nonce = freshNonce()
  const socket = createConnection({ path })
  const line = await firstLine(socket, encodeHello({ ...greeting, nonce }), { timeoutMs, clock })
  if (line.kind === 'line') return judge(socket, line.text, { nonce, greeting, path })
  socket.destroy()
  if (line.kind === 'silent') return { kind: 'silent', waitedMs: timeoutMs }
  if (line.kind === 'closed') return { kind: 'refused' }
  if (line.kind === 'too-long') return notOurs(path)
  return failureOf(line.error, path)
}

/** Whether the socket and the folders above it are ours. */
function inspectSocket(place: Place, path: string): ConnectResult | null {
  const uid = thisSystem.uid()
  if (uid < 0) return null
  for (const folder of place.owned) {
    if (!path.startsWith(`${folder}/`)) continue
    const verdict = inspectFolder(folder, uid)
    if (verdict === 'absent') return { kind: 'absent' }
    if (verdict !== 'ours')
      return { kind: verdict.code === 'folder-unwritable' ? 'forbidden' : 'foreign', error: verdict }
  }
  try {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined) return { kind: 'absent' }
    if (found.uid !== uid) return foreign(`the socket ${path} belongs to user ${found.uid}, not to user ${uid}`)
    return found.isSocket() ? null : { kind: 'refused' }
  } catch (error) {
    return { kind: 'forbidden', error: fileError('look at the socket', path, error) }
  }
}

function foreign(message: string): ConnectResult {
  return { kind: 'foreign', error: new LifecycleError('daemon-foreign', message) }
}

function notOurs(path: string): ConnectResult {
  return foreign(`whoever listens on ${path} does not answer as a daemon of ours`)
}

function failureOf(error: unknown, path: string): ConnectResult {
  const errno = errnoOf(error)
  const kind = classifyErrno(errno)
  if (kind === 'silent') return { kind, waitedMs: 0 }
  if (kind !== 'forbidden') return { kind }
  if (errno === 'EACCES' || errno === 'EPERM') {
    const message = `connecting to ${path} is not allowed (${errno})`
    return { kind, error: new LifecycleError('daemon-forbidden', message, { cause: error }) }
  }
  return { kind, error: fileError('connect to', path, error) }
}

type FirstLine =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'silent' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'error'; readonly error: unknown }

/** Sends `hello` and waits for the first line. What came after it goes back into the socket. */
function firstLine(
  socket: Socket,
  hello: string,
  { timeoutMs, clock }: { readonly timeoutMs: number; readonly clock: Clock },
): Promise<FirstLine> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    const done = (result: FirstLine): void => {
      timer.cancel()
      socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd)
      resolve(result)
    }
    // Read by `readable`: without its listener the socket is as new, and flows once the next owner listens to `data`.
    const onReadable = (): void => {
      for (let chunk: Buffer | null = read(socket); chunk !== null; chunk = read(socket)) {
        const at = chunk.indexOf(10)
        sizeBytes += at < 0 ? chunk.length : at
        if (sizeBytes > handshakeLimitBytes) return done({ kind: 'too-long' })
        if (at < 0) {
          chunks.push(chunk)
          continue
        }
        if (at + 1 < chunk.length) socket.unshift(chunk.subarray(at + 1))
        return done({ kind: 'line', text: Buffer.concat([...chunks, chunk.subarray(0, at)]).toString('utf8') })
      }
    }
    const onEnd = (): void => done({ kind: 'closed' })
    const timer = clock.setTimer(timeoutMs, () => done({ kind: 'silent' }))
    // Stays for good: whoever takes the socket over learns of its end by `close`.
    socket.on('error', (error) => done({ kind: 'error', error }))
    socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd)
    socket.write(hello)
  })
}

function read(socket: Socket): Buffer | null {
  const chunk: unknown = socket.read()
  return Buffer.isBuffer(chunk) ? chunk : null
}

function judge(
  socket: Socket,
  text: string,
  { nonce, greeting, path }: { readonly nonce: string; readonly greeting: Greeting; readonly path: string },
): ConnectResult {
  const answer = parseAnswer(text, nonce)
  if (answer?.kind === 'welcome') {
    const { welcome } = answer
    if (commonProtocol(welcome.protocol, greeting.protocol) === null) {
      socket.destroy()
      return incompatible(welcome, greeting)
    }
    if (welcome.state === 'quarantined') return { kind: 'quarantined', socket, welcome }
    if (welcome.state !== 'draining') return { kind: 'connected', socket, welcome }
  }
  socket.destroy()
  if (answer === null) return notOurs(path)
  if (answer.kind === 'welcome') return { kind: 'draining', message: `daemon ${answer.welcome.instance} is draining` }
  return refusalOf(answer.refused, greeting, path)
}

function refusalOf(refused: Refused, greeting: Greeting, path: string): ConnectResult {
  switch (refused.code) {
    case 'draining':
    case 'superseded':
      return { kind: 'draining', message: refused.message }
    case 'incompatible':
      return incompatible(refused, greeting)
    case 'invalid':
      break
  }
  return foreign(`the daemon on ${path} does not take our greeting: ${refused.message}`)
}

function incompatible(daemon: Pick<Welcome, 'version' | 'protocol'>, client: Greeting): ConnectResult {
  const range = ({ protocol: { min, max } }: Pick<Welcome, 'protocol'>): string =>
    min === max ? `${min}` : `${min} to ${max}`
  const message =
    `the daemon (version ${daemon.version}) speaks protocol ${range(daemon)}, ` +
    `this client (version ${client.version}) ${range(client)}`
  return { kind: 'incompatible', error: new LifecycleError('daemon-incompatible', message) }
}
