// Reads the first line that comes over a connection, capped in length and time, and gives back what came after it unread.
import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'

export type FirstLine =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'closed' | 'timeout' | 'too-long' }

const newline = 0x0a

/** The first line without its newline. Afterwards the socket has no listener of ours, and its next reader gets the rest. */
export function readFirstLine(
  socket: Socket,
  { limitBytes, timeoutMs, clock }: { readonly limitBytes: number; readonly timeoutMs: number; readonly clock: Clock },
): Promise<FirstLine> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    const finish = (result: FirstLine): void => {
      timer.cancel()
      socket.off('readable', onReadable).off('end', onClosed).off('close', onClosed).off('error', onClosed)
      resolve(result)
    }
    const onClosed = (): void => finish({ kind: 'closed' })
    const onReadable = (): void => {
      for (let chunk = read(socket); chunk !== null; chunk = read(socket)) {
        const at = chunk.indexOf(newline)
        if (length + (at < 0 ? chunk.length : at) > limitBytes) return finish({ kind: 'too-long' })
        if (at < 0) {
          chunks.push(chunk)
          length += chunk.length
          continue
        }
        chunks.push(chunk.subarray(0, at))
        finish({ kind: 'line', text: Buffer.concat(chunks).toString('utf8') })
        if (at + 1 < chunk.length) socket.unshift(chunk.subarray(at + 1))
        return
      }
    }
    const timer = clock.setTimer(timeoutMs, () => finish({ kind: 'timeout' }))
    socket.on('readable', onReadable).on('end', onClosed).on('close', onClosed).on('error', onClosed)
    if (socket.destroyed) onClosed()
  })
}

function read(socket: Socket): Buffer | null {
  const chunk: unknown = socket.read()
  if (chunk === null || Buffer.isBuffer(chunk)) return chunk
  return Buffer.from(typeof chunk === 'string' ? chunk : '')
}
