// A stdio MCP server for a host that is a pipe to the daemon. Standard output carries the protocol only. Standard input is
// authoritative: at its end what is in flight is finished within a grace, then the proxy leaves.
import type { Readable, Writable } from 'node:stream'
import { LineSplitter, readEnvelope } from '@holdfast/protocol'
import { McpLink, type McpLinkOptions } from './link.ts'
import { errorAnswer } from './messages.ts'

const FRAME_LIMIT_BYTES = 64 * 1024 * 1024
const NEWLINE = Buffer.from('\n')

export interface ProxyOptions extends Omit<McpLinkOptions, 'deliver'> {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly signal: AbortSignal
  /** For what is in flight when the host leaves. */
  readonly graceMs: number
}

/** Resolves when the host has left. */
export async function runProxy(options: ProxyOptions): Promise<void> {
  const { stdin, stdout, signal, graceMs } = options
  const idle = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  let hasEnded = false
  const link = new McpLink({ ...options, deliver: (message, taken) => write(message, taken) })

  function write(message: Buffer, taken: () => void): void {
    const isFlowing = stdout.write(Buffer.concat([message, NEWLINE]), (error) => {
      if (error === undefined || error === null) taken()
      if (hasEnded && link.pending === 0) idle.resolve()
    })
    // A host that does not read is not read either, and the daemon waits with what it has for it.
    if (isFlowing) return
    stdin.pause()
    link.pause()
    stdout.once('drain', () => {
      stdin.resume()
      link.resume()
    })
  }

  function take(line: Buffer): void {
    const envelope = readEnvelope(line)
    if (envelope !== null) return link.send(line, envelope)
    if (line.toString('latin1').trim() === '') return
    write(errorAnswer('null', -32_700, 'this line is not one JSON-RPC 2.0 message'), () => undefined)
  }

  const splitter = new LineSplitter(FRAME_LIMIT_BYTES, {
    line: take,
    oversized: ({ bytes, id, kind }) => {
      const text = `a message of ${bytes} bytes is over the limit of ${FRAME_LIMIT_BYTES} bytes`
      if (kind !== 'response') write(errorAnswer(JSON.stringify(id ?? null), -32_600, text), () => undefined)
    },
  })
  stdin.on('data', (chunk: Buffer) => splitter.push(chunk))
  stdin.once('end', () => left.resolve())
  stdin.once('error', () => left.resolve())
  stdout.once('error', () => left.resolve())
  signal.addEventListener('abort', () => left.resolve(), { once: true })
  link.connect()

  await left.promise
  hasEnded = true
  if (link.pending > 0 && !signal.aborted && stdout.writable) await within(idle.promise, graceMs)
  link.close()
}

async function within(promise: Promise<void>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(() => late.resolve(), ms)
  await Promise.race([promise, late.promise])
  clearTimeout(timer)
}
