// When a command should stop early: Ctrl-C, TERM, HUP, a reader that left, the death of the process that ran us.
import { Socket } from 'node:net'

export interface Interruption {
  readonly signal: AbortSignal
  readonly interrupt: () => void
}

/** A second signal within this time is the same one, delivered by the terminal and by the process that ran us. */
const sameSignalMs = 500

/** `leave` is called when the user insists. */
export function watchForInterruption(lifeline: number | null, leave: () => void): Interruption {
  const controller = new AbortController()
  let firstAt: number | null = null
  const onSignal = (): void => {
    const now = performance.now()
    if (firstAt !== null && now - firstAt > sameSignalMs) leave()
    firstAt ??= now
    controller.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  if (lifeline !== null) watchLifeline(lifeline, () => controller.abort())
  return { signal: controller.signal, interrupt: () => controller.abort() }
}

function watchLifeline(descriptor: number, ended: () => void): void {
  const socket = new Socket({ fd: descriptor, readable: true, writable: false })
  socket.on('error', ended)
  socket.on('close', ended)
  socket.resume()
  socket.unref()
}
