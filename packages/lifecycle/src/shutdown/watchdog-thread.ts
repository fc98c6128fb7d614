// The thread that ends its own process: when a drain runs past its deadline, or when the main loop does not turn. It shares
// nothing with the main thread but four numbers, so that nothing that hangs there can hold it up. Time in which the thread did
// not run either (SIGSTOP, suspend, a starved machine) is not counted.
import { type MessagePort } from 'node:worker_threads'

/** Places in the shared memory. */
export const cells = { beat: 0, drainMs: 1, wake: 2, stop: 3 } as const

/** What the thread is given. */
export interface WatchdogData {
  readonly memory: SharedArrayBuffer
  /** Null: hangs are not looked for. */
  readonly hangMs: number | null
  readonly stepMs: number
  readonly exitFile: string
  /** The exit record without its end; `hang` is written with the reason and time of then. */
  readonly record: Readonly<Record<string, unknown>> & { readonly sinceBootMs: number }
  readonly cells: typeof cells
}

/** How much of its patience is left. */
export interface Patience {
  readonly beat: number
  readonly silentMs: number
  readonly drainLeftMs: number | null
}

/** One look: `elapsedMs` since the last one, of which at most `stepMs` counts. Pure. */
export function look(
  before: Patience,
  now: { readonly beat: number; readonly drainMs: number; readonly elapsedMs: number; readonly stepMs: number },
): Patience {
  const counted = Math.min(now.elapsedMs, now.stepMs)
  const silentMs = now.beat === before.beat ? before.silentMs + counted : 0
  if (now.drainMs === 0) return { beat: now.beat, silentMs, drainLeftMs: null }
  const left = before.drainLeftMs
  return { beat: now.beat, silentMs, drainLeftMs: left === null ? now.drainMs : left - counted }
}

/** The thread. Self-contained: it is handed over as text and may use nothing from outside but `look`, which is handed over too. */
export function watch(data: WatchdogData, lookOnce: typeof look, port: MessagePort | null): void {
  const fs = process.getBuiltinModule('node:fs')
  const memory = new Int32Array(data.memory)
  const { cells: at } = data
  const end = (reason: string): void => {
    const now = Number(process.hrtime.bigint() / 1_000_000n)
    const { sinceBootMs, ...rest } = data.record
    const times = { at: new Date().toISOString(), bootMs: now, ranMs: Math.max(0, now - sinceBootMs) }
    const beside = `${data.exitFile}.${process.pid}.tmp`
    try {
      fs.writeFileSync(beside, `${JSON.stringify({ ...rest, kind: 'hang', ...times, reason })}\n`, {
        mode: 0o600,
        flush: true,
      })
      fs.linkSync(beside, data.exitFile)
      fs.unlinkSync(beside)
    } catch (error) {
      // There is a record already, or none can be written; then the successor settles it. The end must come either way.
      port?.postMessage(String(error))
    }
    process.kill(process.pid, 'SIGKILL')
  }
  let patience: Patience = { beat: Atomics.load(memory, at.beat), silentMs: 0, drainLeftMs: null }
  let before = performance.now()
  while (Atomics.load(memory, at.stop) === 0) {
    const left = patience.drainLeftMs
    const waitMs = left === null ? data.stepMs : Math.max(1, Math.min(data.stepMs, left))
    Atomics.wait(memory, at.wake, 0, waitMs)
    Atomics.store(memory, at.wake, 0)
    const after = performance.now()
    const [beat, drainMs] = [Atomics.load(memory, at.beat), Atomics.load(memory, at.drainMs)]
    patience = lookOnce(patience, { beat, drainMs, elapsedMs: after - before, stepMs: data.stepMs })
    before = after
    if (patience.drainLeftMs !== null && patience.drainLeftMs <= 0) end('it did not end by the deadline of its drain')
    if (data.hangMs !== null && patience.silentMs >= data.hangMs) {
      end(`its main loop did not turn for ${Math.round(patience.silentMs)} ms`)
    }
  }
}
